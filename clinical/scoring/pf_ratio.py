"""PaO2/FiO2 at many moments: the newest gas, and the oxygen that was given when it was drawn.

Here: the columnar law of the ratio. Not here: its bands (clinical/scores/oxygenation.py), or the
twin in plain Python (pf_ratio_plain.py).
"""

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, round_half_up
from clinical.scores.definition import WindowScore
from clinical.scores.ratios import AIR_PER_CENT, PfChoices, pf_ratio_of
from clinical.scoring.columns import COMPLETE, INDETERMINATE, STALE, Assessed, Component, times
from clinical.scoring.pairing import paired
from clinical.scoring.panel import Panel
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import LOOKBACK, MICROSECONDS_PER_HOUR
from clinical.scoring.window_columns import Candidates, component
from clinical.scoring.windows import Spans, newest, told
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
REASONS = (None, "missing_inputs", "fio2_below_air")


def pf_ratio(score: WindowScore, timeline: Timeline, panel: Panel) -> Assessed:
    """The ratio of the newest gas with the FiO2 of its time, in mmHg."""
    choices = cast("PfChoices", score.choices)
    reach = round(choices.pairing_hours * MICROSECONDS_PER_HOUR)
    oxygen = _rounded(told(timeline, "fio2", 0), "fio2")
    gas = _rounded(told(timeline, "pao2", LOOKBACK["pao2"]), "pao2")
    gas, by = paired(timeline.history, gas, oxygen, reach)
    place = newest(timeline, gas)
    beside = np.where(place == NONE, NONE, np.append(by, NONE)[place])
    parts = (_part(timeline, "pao2", gas, place), _part(timeline, "fio2", oxygen, beside))
    known = np.array([part.known for part in parts])
    pao2, fio2 = (part.reading.value for part in parts)
    reason = np.select([~known.all(axis=0), fio2 < AIR_PER_CENT], [1, 2], 0)
    ratio = np.where(reason == 0, pf_ratio_of(pao2, fio2), np.nan)
    stale = np.array([panel[part.parameter].stale & ~part.known for part in parts]).any(axis=0)
    state = np.where(reason == 0, COMPLETE, np.where((reason == 1) & stale, STALE, INDETERMINATE))
    whole = times(parts, known, panel)
    return Assessed(score, state, reason, REASONS, ratio, ratio, ratio, None, parts, *whole)


def _rounded(spans: Spans, concept: str) -> Spans:
    return replace(spans, value=round_half_up(spans.value, CONCEPTS[concept].precision))


def _part(timeline: Timeline, name: str, spans: Spans, place: Ints) -> Component:
    found = Candidates(spans, np.zeros(len(spans), np.int64))
    part, _ = component(timeline, name, found, place)
    return replace(part, points=None)
