"""The urine criterion of KDIGO at many moments.

Here: rates over 6, 12 and 24 hours that end at the newest entry, per kg. Not here: the limits, or
the twin in plain Python (kdigo_plain.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import round_half_up
from clinical.scores.kdigo import (
    FEWEST_URINE_HOURS,
    URINE_CRITERIA,
    URINE_HOURS,
    URINE_SILENCE_HOURS,
    KdigoChoices,
)
from clinical.scoring.anchored import Anchored, anchored
from clinical.scoring.columns import Component
from clinical.scoring.inputs import URINE_RATE
from clinical.scoring.panel import Panel
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import MICROSECONDS_PER_HOUR
from clinical.scoring.window_columns import Candidates, component
from clinical.scoring.windows import (
    Spans,
    best,
    count,
    joined,
    newest,
    newest_of_each,
    told,
    total,
    total_of_each,
)
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_HOUR = MICROSECONDS_PER_HOUR
_SILENCE = URINE_SILENCE_HOURS * _HOUR
# Sums are of whole microlitres.
_PER_ML = 1000
# mimic-code rounds rates to four decimals before it compares them.
_FOUR_DECIMALS = 1e-4
_Rates = Mapping[int, Floats]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Urine in mL over the hours it stands for; where not `documented`, neither means anything."""

    documented: Bools
    amount: Floats
    hours: Floats


_Stretches = Mapping[int, _Stretch]


def begun(time: Ints, unit: int) -> Ints:
    """When the hour or day began in which a time lies."""
    start: Ints = time - time % unit
    return start


def urine(timeline: Timeline, panel: Panel, choices: KdigoChoices) -> tuple[Component, Ints]:
    """Stage by urine, and the rate it rests on: of the deciding stretch, else of the shortest."""
    entries = _entries(timeline)
    place = newest(timeline, entries)
    weight = panel["weight"]
    there = (place != NONE) & weight.current
    time = np.zeros(len(place), np.int64)
    time[there] = entries.begins[place[there]]
    view = anchored(timeline, time, there)
    over = _by_the_clock if choices.by_the_clock else _documented
    stretches = over(view, view.spans(entries), URINE_HOURS)
    heavy = weight.value[view.chosen]
    rates = {hours: _rate(found, heavy, choices) for hours, found in stretches.items()}
    stage, rate = (_whole(view, found, 0) for found in _staged(rates, stretches, choices))
    known = _whole(view, ~np.isnan(rates[URINE_HOURS[0]]), blank=False)
    stage = np.where(_is_new(panel, choices) | ~known, 0, stage)
    part, _ = component(timeline, "urine_output", _rated(entries), np.where(known, place, NONE))
    reading = replace(part.reading, value=np.where(known, rate, np.nan))
    return Component(part.parameter, known, stage, reading), stage


def documented_urine(timeline: Timeline, hours: int) -> tuple[Floats, Floats, Ints]:
    """What a rate comes from: mL, the hours they stand for, and of how many entries.

    At points without any entry, or where the stretch is not documented, there are no mL.
    """
    entries = _entries(timeline)
    place = newest(timeline, entries)
    there = place != NONE
    time = np.zeros(len(place), np.int64)
    time[there] = entries.begins[place[there]]
    view = anchored(timeline, time, there)
    mine = view.spans(entries)
    found = _documented(view, mine, (hours,))[hours]
    rows = count(view.timeline, mine.lasting(hours * _HOUR))
    amount = np.where(found.documented, found.amount, np.nan)
    return _whole(view, amount, np.nan), _whole(view, found.hours, np.nan), _whole(view, rows, 0)


def _rated(entries: Spans) -> Candidates:
    return Candidates(entries, np.zeros(len(entries), np.int64), URINE_RATE)


def _entries(timeline: Timeline) -> Spans:
    """What was passed, less what had been put in; each for as long as it is not silence."""
    passed = told(timeline, "urine_output", _SILENCE)
    put_in = told(timeline, "irrigant_in", _SILENCE)
    return joined([passed, replace(put_in, value=-put_in.value)])


def _documented(view: Anchored, entries: Spans, every: Sequence[int]) -> _Stretches:
    """Stretches of so many hours each: entries stand for the time since the one before.

    An entry before it opens a stretch.
    """
    within = [entries.lasting(hours * _HOUR) for hours in every]
    opening = [entries.lasting(_SILENCE, lag=hours * _HOUR) for hours in every]
    amounts = total_of_each(view.timeline, within, _amounts(entries))
    opened = newest_of_each(view.timeline, opening)
    return {
        hours: _stretch(view, amount, _times(view, entries, at), at != NONE)
        for hours, amount, at in zip(every, amounts, opened, strict=True)
    }


def _stretch(view: Anchored, amount: Ints, since: Ints, is_open: Bools) -> _Stretch:
    # More put in than ever came out: what came out was not all entered.
    documented = is_open & (amount >= 0)
    return _Stretch(documented, amount / _PER_ML, (view.timeline.points.now - since) / _HOUR)


def _times(view: Anchored, spans: Spans, at: Ints) -> Ints:
    """Clinical times of the entries at these places."""
    if not len(spans):
        return np.zeros(len(at), np.int64)
    times: Ints = view.timeline.history.stack["effective"][spans.row[at]]
    return times


def _by_the_clock(view: Anchored, entries: Spans, every: Sequence[int]) -> _Stretches:
    """As mimic-code: hours begun are counted, the first entry of a stretch stands for one."""
    return {hours: _on_the_clock(view, entries, hours) for hours in every}


def _on_the_clock(view: Anchored, entries: Spans, hours: int) -> _Stretch:
    elapsed = entries.begins + (hours - 1) * _HOUR + 1
    clock = begun(entries.begins, _HOUR) + hours * _HOUR
    summed = replace(entries, ends=elapsed if hours == URINE_HOURS[-1] else clock)
    counted = replace(entries, ends=elapsed)
    amount = total(view.timeline, summed, _amounts(summed))
    first = best(view.timeline, counted, -counted.begins)
    start, end = _times(view, counted, first), view.timeline.points.now
    long = (begun(end, _HOUR) - begun(start, _HOUR)) / _HOUR + 1
    return _Stretch(first != NONE, amount / _PER_ML, long)


def _amounts(spans: Spans) -> Ints:
    return np.rint(spans.value * _PER_ML).astype(np.int64)


def _rate(stretch: _Stretch, weight: Floats, choices: KdigoChoices) -> Floats:
    """mL/kg/h over a stretch; NaN where it is not documented."""
    rate = np.full(len(weight), np.nan)
    there = stretch.documented
    rate[there] = stretch.amount[there] / weight[there] / stretch.hours[there]
    return round_half_up(rate, _FOUR_DECIMALS) if choices.by_the_clock else rate


def _staged(rates: _Rates, stretches: _Stretches, choices: KdigoChoices) -> tuple[Ints, Floats]:
    """Stage of the first criterion that holds, of the severest down, and the rate it rests on."""
    stage = np.zeros(len(rates[URINE_HOURS[0]]), np.int64)
    rate = rates[URINE_HOURS[0]].copy()
    for criterion in reversed(URINE_CRITERIA):
        found = rates[criterion.hours]
        holds = found < criterion.below if criterion.below else found == 0
        if choices.by_the_clock:
            holds &= stretches[criterion.hours].hours >= FEWEST_URINE_HOURS[criterion.hours]
        stage, rate = np.where(holds, criterion.stage, stage), np.where(holds, found, rate)
    return stage, rate


def _is_new(panel: Panel, choices: KdigoChoices) -> Bools:
    """Moments so soon after arrival in intensive care that urine is not staged yet."""
    arrived = panel["icu_admission"]
    soon = panel.now <= arrived.effective + choices.unstaged_icu_hours * _HOUR
    new: Bools = arrived.current & soon & (choices.unstaged_icu_hours > 0)
    return new


def _whole(view: Anchored, found: NDArray[Any], blank: float) -> NDArray[Any]:
    """What was found at the anchored points, at all of them."""
    whole = np.full(view.size, blank, found.dtype)
    whole[view.chosen] = found
    return whole
