"""When treatment with a class of drugs last began.

Here: the newest event that begins a run of its class, as known at each point. Not here: what has
happened since (deterioration.py).

Every dose of an antibiotic and every new rate of a vasopressor is told as an event of its class;
only the first of a run begins treatment. A run begins with an event after none within the class's
look-back, or where a rate above 0 follows none or 0 of every drug of the class.
"""

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, round_half_up
from clinical.detection.past import by_owner, newest_value, newest_values
from clinical.detection.septic_shock import RATES, VASOPRESSOR
from clinical.scoring.engine import Moments
from clinical.scoring.history import History
from clinical.scoring.memory import CONCEPT_NUMBER
from clinical.scoring.panel import NEVER, Readings
from clinical.scoring.timeline import Points
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_RATES = np.array([CONCEPT_NUMBER[name] for name in RATES])


def newest_start(history: History, concept: str, points: Points, window: int) -> Ints:
    """The row of the newest event of a class that began a run within a window, or NONE."""
    found = np.full(len(points.now), NONE)
    of, row = _events(history, concept, points, window)
    if not len(row):
        return found
    owner, known, at = points.owner[of], points.known[of], history.effective[row]
    begins = newest_value(history, concept, Points(owner, known, at - 1)) == NONE
    if concept == VASOPRESSOR:
        twice = Points(np.tile(owner, 2), np.tile(known, 2), np.concatenate([at, at - 1]))
        then, before = np.split(_runs(history, twice), 2)
        begins |= then & ~before
    # Of several the last in time is written last, and stays.
    found[of[begins]] = row[begins]
    return found


def _events(history: History, concept: str, points: Points, window: int) -> tuple[Ints, Ints]:
    """The events of a class within a window of each point, as known there: point, and row."""
    values = by_owner(history, np.array([CONCEPT_NUMBER[concept]]))
    if not len(values.row):
        return values.row, values.row
    first = values.axis.first(points.owner, points.now - window)
    count = np.maximum(values.axis.first(points.owner, points.now + 1) - first, 0)
    of = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(of)) + np.repeat(first - np.cumsum(count) + count, count)
    row, known = values.row[place], points.known[of]
    is_known = (row <= known) & (known < values.gone[place])
    return of[is_known], row[is_known]


def over(row: Ints, places: Ints, size: int) -> Ints:
    """Rows found at some of `size` moments as rows at each; NONE elsewhere."""
    whole = np.full(size, NONE)
    whole[places] = row
    return whole


def readings(moments: Moments, concept: str, row: Ints) -> Readings:
    """Rows of events as readings, to be quoted."""
    known = row != NONE
    value = round_half_up(moments.stack["value"][row], CONCEPTS[concept].precision)
    effective = np.where(known, moments.stack["effective"][row], NEVER)
    number = np.full(len(row), CONCEPT_NUMBER[concept])
    stale = np.zeros(len(row), np.bool_)
    return Readings(known, stale, np.where(known, value, np.nan), effective, row, number)


def before_message(moments: Moments, places: Ints) -> Points:
    """Some of the moments by what was known before their message."""
    stack, points = moments.stack, moments.timeline.points
    opens = np.ones(len(stack), np.bool_)
    opens[1:] = (stack["offset"][1:] != stack["offset"][:-1]) | (
        stack["origin"][1:] != stack["origin"][:-1]
    )
    first = np.maximum.accumulate(np.where(opens, np.arange(len(stack)), 0))
    known = first[points.known[places]] - 1
    return Points(points.owner[places], known, points.now[places])


def _runs(history: History, points: Points) -> Bools:
    """Whether a vasopressor runs, by the rates that count at each point."""
    rows = newest_values(history, _RATES, points)
    running: Bools = ((rows != NONE) & (history.stack["value"][rows] > 0)).any(axis=0)
    return running
