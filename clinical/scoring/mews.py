"""MEWS with a day's urine at many moments: newest values, and the sum of a stretch of time.

Here: the columnar law of the variants that rest on urine. Not here: their bands
(clinical/scores/mews.py), or the twin in plain Python (mews_plain.py).
"""

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, round_half_up
from clinical.scores.bands import Bands
from clinical.scores.definition import WindowScore
from clinical.scores.sofa import VINCENT
from clinical.scoring.columns import Assessed, Component, band
from clinical.scoring.panel import Panel
from clinical.scoring.sofa_urine import urine
from clinical.scoring.timeline import Timeline
from clinical.scoring.window_columns import as_points

Part = tuple[Component, NDArray[np.int64]]


def mews(score: WindowScore, timeline: Timeline, panel: Panel) -> Assessed:
    """The sum of banded points at every moment."""
    parts = [
        _urine(timeline, bands) if name == "urine_output" else _newest(panel, name, bands)
        for name, bands in cast("tuple[tuple[str, Bands], ...]", score.choices)
    ]
    return as_points(score, parts, panel)


def _newest(panel: Panel, name: str, bands: Bands) -> Part:
    reading = panel[name]
    points = np.where(reading.current, band(bands, reading.value), 0)
    return Component(name, reading.current, points, reading), points


def _urine(timeline: Timeline, bands: Bands) -> Part:
    """Urine of 24 hours where it was documented for a day, as SOFA counts it."""
    found, _ = urine(timeline, VINCENT)
    value = round_half_up(found.reading.value, CONCEPTS["urine_output"].precision)
    points = np.where(found.known, band(bands, value), 0)
    reading = replace(found.reading, value=value)
    return Component("urine_output", found.known, points, reading), points
