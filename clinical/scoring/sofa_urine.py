"""The urine of SOFA over columns: how much a day, where it was documented for a day.

Here: amounts per 24 h and their points. Not here: bounds and choices (clinical/scores/sofa.py).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, round_half_up
from clinical.scores.sofa import URINE_BELOW, SofaChoices
from clinical.scoring.bounds import less_than
from clinical.scoring.columns import Component
from clinical.scoring.inputs import URINE_PER_DAY
from clinical.scoring.panel import NEVER, Readings, number_of
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import MICROSECONDS_PER_HOUR, hours
from clinical.scoring.window_columns import nothing
from clinical.scoring.windows import Spans, count, joined, newest, newest_of_each, told, total
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
DAY = 24 * MICROSECONDS_PER_HOUR


def urine(timeline: Timeline, choices: SofaChoices) -> tuple[Component, Ints]:
    """How little urine there was; resting on its newest entry."""
    entries = told(timeline, "urine_output", DAY)
    if not len(entries):
        return nothing("renal", len(timeline))
    amounts = _amounts(timeline, entries)
    if choices.urine_documented_hours is None:
        row, value = _on_the_hour(timeline, choices, entries, amounts)
    else:
        row, value = _documented(timeline, choices.urine_documented_hours, entries, amounts)
    known, stack = row != NONE, timeline.history.stack
    points = np.where(known, less_than(URINE_BELOW, np.where(known, value, 0)), 0)
    reading = Readings(
        known,
        np.zeros(len(row), np.bool_),
        np.where(known, value, np.nan),
        np.where(known, stack["effective"][row], NEVER),
        row,
        np.full(len(row), number_of(URINE_PER_DAY)),
    )
    return Component("renal", known, points, reading), points


def day_of_urine(timeline: Timeline) -> tuple[Ints, Ints]:
    """What a day's urine comes from: whole mL, and of how many entries, irrigant too."""
    entries = told(timeline, "urine_output", DAY)
    amounts = _amounts(timeline, entries)
    return total(timeline, amounts, amounts.value.astype(np.int64)), count(timeline, amounts)


def _amounts(timeline: Timeline, entries: Spans) -> Spans:
    """Whole mL passed, and as less than nothing what was put into the bladder."""
    into = told(timeline, "irrigant_in", DAY)
    whole = joined([entries, replace(into, value=-into.value)])
    return replace(whole, value=_millilitres(whole.value))


def _millilitres(values: Floats) -> Floats:
    return np.sign(values) * round_half_up(np.abs(values), CONCEPTS["urine_output"].precision)


def _documented(
    timeline: Timeline, documented: tuple[float, float], entries: Spans, amounts: Spans
) -> tuple[Ints, Floats]:
    """The sum of 24 h for the time that its entries cover, scaled to a day."""
    least, most = (hours(one) for one in documented)
    stack = timeline.history.stack
    last, before = newest_of_each(timeline, [entries, entries.lasting(most - DAY, DAY)])
    covers = stack["effective"][entries.row[last]] - stack["effective"][entries.row[before]]
    is_day = (last != NONE) & (before != NONE) & (covers >= least)
    summed = total(timeline, amounts, amounts.value.astype(np.int64))
    value = summed * DAY / np.where(is_day, covers, DAY)
    return np.where(is_day, entries.row[last], NONE), value


def _on_the_hour(
    timeline: Timeline, choices: SofaChoices, entries: Spans, amounts: Spans
) -> tuple[Ints, Floats]:
    """The least of the sums of 24 h up to each of the last hours, of those with any entry."""
    now = timeline.points.now - timeline.points.now % MICROSECONDS_PER_HOUR
    timeline = Timeline(timeline.history, replace(timeline.points, now=now))
    row, value = np.full(len(now), NONE), np.full(len(now), np.inf)
    whole = amounts.value.astype(np.int64)
    for lag in range(0, hours(choices.window_hours), MICROSECONDS_PER_HOUR):
        summed = total(timeline, amounts.lasting(DAY, lag), whole)
        last = newest(timeline, entries.lasting(DAY, lag))
        less = (last != NONE) & (summed < value)
        row, value = np.where(less, entries.row[last], row), np.where(less, summed, value)
    return row, value
