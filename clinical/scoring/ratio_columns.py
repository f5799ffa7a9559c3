"""Ratios at many moments: the columnar twin of assessment.py.

Here: a ratio's value, or the first thing that is wrong with it. Not here: which values count
(panel.py), points (point_columns.py), whom a score is for (columns.py).
"""

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import RatioScore
from clinical.scoring.columns import (
    COMPLETE,
    INDETERMINATE,
    MINUTE,
    STALE,
    Assessed,
    Component,
    restrict,
    times,
)
from clinical.scoring.panel import Panel

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def assess_ratio(score: RatioScore, panel: Panel) -> Assessed:
    """Assess one ratio of current values at every moment of a panel."""
    readings = [panel[name] for name in score.inputs]
    known = np.array([reading.current for reading in readings])
    reasons = (None, "missing_inputs", *(item.reason for item in score.requires), "not_paired")
    reason = _reason(score, panel, known)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = score.formula(*(reading.value for reading in readings))
    observed = np.where(reason == 0, value, np.nan)
    stale = np.logical_or.reduce([~item.current & item.stale for item in readings])
    state = np.where(reason == 0, COMPLETE, np.where((reason == 1) & stale, STALE, INDETERMINATE))
    components = tuple(
        Component(name, reading.current, None, reading)
        for name, reading in zip(score.inputs, readings, strict=True)
    )
    whole = times(components, known, panel)
    return restrict(
        Assessed(
            score, state, reason, reasons, observed, observed, observed, None, components, *whole
        ),
        panel,
    )


def _reason(score: RatioScore, panel: Panel, known: Bools) -> Ints:
    """Number of the first thing that is wrong, or 0."""
    paired = np.array([panel[name].effective for name in score.paired])
    spread = paired.max(axis=0) - paired.min(axis=0)
    wrong = [
        ~known.all(axis=0),
        *(~item.holds(panel[item.input].value) for item in score.requires),
        spread > score.pairing_minutes * MINUTE,
    ]
    return np.select(wrong, range(1, len(wrong) + 1), 0)
