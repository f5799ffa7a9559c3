"""The stage of kidney injury at many moments: the columnar law of KDIGO.

Here: the newest creatinine against the lowest before it, dialysis. Not here: urine
(kdigo_urine.py), the limits (clinical/scores/kdigo.py), or the twin in plain Python
(kdigo_plain.py).
"""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import round_half_up
from clinical.scores.definition import WindowScore
from clinical.scores.kdigo import (
    ACUTE_HOURS,
    ACUTE_RISE,
    BASELINE_HOURS,
    SEVERE_CREATININE,
    STAGE_BY_RATIO,
    KdigoChoices,
)
from clinical.scoring.anchored import anchored
from clinical.scoring.columns import INDETERMINATE, Assessed, Component
from clinical.scoring.kdigo_urine import begun, urine
from clinical.scoring.panel import Panel, Readings
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import (
    FINEST,
    LOOKBACK,
    MICROSECONDS_PER_HOUR,
)
from clinical.scoring.window_columns import Candidates, as_points, component
from clinical.scoring.windows import Spans, best_of_each, newest, told
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Part = tuple[Component, Ints]


def kdigo(score: WindowScore, timeline: Timeline, panel: Panel) -> Assessed:
    """Stage at every moment: the worse of creatinine (or dialysis) and urine."""
    choices = cast("KdigoChoices", score.choices)
    weight = panel["weight"]
    heavy = Component("weight", weight.current, _zeros(weight.current), weight)
    filtration, passed = _filtration(timeline, panel, choices), urine(timeline, panel, choices)
    parts = [*filtration, passed, (heavy, _zeros(weight.current))]
    whole = as_points(score, parts, panel, is_worst=True)
    return _blanked(whole, filtration[0][0].known | passed[0].known)


def _blanked(whole: Assessed, staged: Bools) -> Assessed:
    """No stage where neither criterion is known: a weight or a baseline alone gives none."""
    return replace(
        whole,
        state=np.where(staged, whole.state, INDETERMINATE),
        reason=np.where(staged, whole.reason, whole.reasons.index("no_inputs")),
        observed=np.where(staged, whole.observed, np.nan),
        lowest=np.where(staged, whole.lowest, np.nan),
        highest=np.where(staged, whole.highest, np.nan),
    )


def _zeros(like: Bools) -> Ints:
    return np.zeros(len(like), np.int64)


@dataclass(frozen=True, slots=True)
class _Lowest:
    """The lowest earlier creatinine at every moment, as far as there is one."""

    spans: Spans
    place: Ints

    @property
    def value(self) -> Floats:
        """Its value; NaN where there is none."""
        there = self.place != NONE
        blank = np.full(len(self.place), np.nan)
        blank[there] = self.spans.value[self.place[there]]
        return blank


def _filtration(timeline: Timeline, panel: Panel, choices: KdigoChoices) -> list[Part]:
    every = told(timeline, "creatinine", LOOKBACK["creatinine"])
    every = replace(every, value=round_half_up(every.value, FINEST))
    place = newest(timeline, every)
    low_7d, low_48h = _lowest(timeline, every, place, choices)
    now = _Lowest(every, place).value
    stage = _stage(now, low_7d.value, low_48h.value, choices)
    known = place != NONE
    if choices.needs_baseline:
        known &= low_7d.place != NONE
    part, _ = component(timeline, "creatinine", _without_points(every), place)
    creatinine = Component(part.parameter, known, np.where(known, stage, 0), part.reading)
    if choices.counts_dialysis:
        creatinine = _or_dialysis(creatinine, panel)
    return [
        (creatinine, cast("Ints", creatinine.points)),
        component(
            timeline, "creatinine_lowest_7_days", _without_points(low_7d.spans), low_7d.place
        ),
        component(
            timeline, "creatinine_lowest_48_hours", _without_points(low_48h.spans), low_48h.place
        ),
    ]


def _without_points(spans: Spans) -> Candidates:
    return Candidates(spans, np.zeros(len(spans), np.int64))


def _lowest(
    timeline: Timeline, every: Spans, place: Ints, choices: KdigoChoices
) -> tuple[_Lowest, _Lowest]:
    """The lowest creatinine of the 7 days, and of the 48 hours, before the newest one."""
    there = place != NONE
    time = np.zeros(len(place), np.int64)
    time[there] = every.begins[place[there]]
    view = anchored(timeline, time, there)
    mine = view.spans(every)
    before = [
        replace(mine, begins=mine.begins + 1, ends=ends) for ends in _ends(mine.begins, choices)
    ]
    # Of equals the newest.
    places = best_of_each(view.timeline, [(spans, (-spans.value,)) for spans in before])
    days, hours = (
        _Lowest(spans, view.places(place)) for spans, place in zip(before, places, strict=True)
    )
    return days, hours


def _ends(effective: Ints, choices: KdigoChoices) -> tuple[Ints, Ints]:
    """From when a value is no more among the last 7 days, and the last 48 hours."""
    hour, day = MICROSECONDS_PER_HOUR, 24 * MICROSECONDS_PER_HOUR
    if choices.by_the_clock:
        days = begun(effective, day) + (BASELINE_HOURS * hour // day + 1) * day
        return days, begun(effective, hour) + (ACUTE_HOURS + 1) * hour
    return effective + BASELINE_HOURS * hour + 1, effective + ACUTE_HOURS * hour + 1


def _stage(now: Floats, low_7d: Floats, low_48h: Floats, choices: KdigoChoices) -> Ints:
    """Stage by creatinine; 0 where what it would be compared with is not known."""
    slack = FINEST if choices.is_exact else 0.0
    with np.errstate(invalid="ignore"):
        acute = now >= low_48h + ACUTE_RISE - slack
        times = [(now >= low_7d * ratio - slack, stage) for ratio, stage in STAGE_BY_RATIO]
        risen = times[-1][0]
        severe = (now >= SEVERE_CREATININE) & (acute | risen)
    rules = [(severe, 3), *times, (acute, 1)]
    stages: Ints = np.max([np.where(holds, stage, 0) for holds, stage in rules], axis=0)
    return stages


def _or_dialysis(creatinine: Component, panel: Panel) -> Component:
    """Stage 3 under renal replacement that is not for end-stage disease."""
    dialysis = panel["dialysis"]
    replaced = dialysis.current & ~panel["end_stage_renal_disease"].current
    old = creatinine.reading
    columns = (
        np.where(replaced, getattr(dialysis, name), getattr(old, name))
        for name in Readings.__slots__
    )
    points = np.where(replaced, 3, cast("Ints", creatinine.points))
    return Component(creatinine.parameter, creatinine.known | replaced, points, Readings(*columns))
