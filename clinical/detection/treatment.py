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
from clinical.detection.past import newest_value
from clinical.detection.septic_shock import RATES, VASOPRESSOR
from clinical.scoring.engine import Moments
from clinical.scoring.history import History
from clinical.scoring.memory import CONCEPT_NUMBER
from clinical.scoring.panel import NEVER, Readings
from clinical.scoring.timeline import Points
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def newest_start(history: History, concept: str, points: Points, window: int) -> Ints:
    """The row of the newest event of a class that began a run within a window, or NONE."""
    found = np.full(len(points.now), NONE)
    row = newest_value(history, concept, points)
    asked = np.arange(len(row))
    while True:
        recent = (row != NONE) & (points.now[asked] - history.effective[row] <= window)
        asked, row = asked[recent], row[recent]
        if not len(asked):
            return found
        at = Points(points.owner[asked], points.known[asked], history.effective[row])
        before = Points(at.owner, at.known, at.now - 1)
        earlier = newest_value(history, concept, before)
        begins = earlier == NONE
        if concept == VASOPRESSOR:
            begins |= _runs(history, at) & ~_runs(history, before)
        found[asked[begins]] = row[begins]
        asked, row = asked[~begins], earlier[~begins]


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
    rows = np.array([newest_value(history, name, points) for name in RATES])
    running: Bools = ((rows != NONE) & (history.stack["value"][rows] > 0)).any(axis=0)
    return running
