"""A value that has risen over the lowest of its last hours.

Here: the lowest known value of a concept within a window, and by how much that of now lies above
it. Not here: which rise matters (respiratory.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, round_half_up
from clinical.detection.past import points_of
from clinical.scoring.engine import Moments
from clinical.scoring.memory import CONCEPT_NUMBER
from clinical.scoring.panel import Readings
from clinical.scoring.windows import best, told
from clinical.scoring.winners import NONE

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rise:
    """At every moment: the lowest value of the window, and how far the current one lies above.

    Where a moment was not asked, or nothing is known, `by` is 0 and the lowest is not current.
    """

    lowest: Readings
    by: NDArray[np.float64]


def rise(moments: Moments, concept: str, asked: Bools, window: int) -> Rise:
    """How far a concept has risen, at the moments asked."""
    size, places = len(asked), np.flatnonzero(asked)
    row = np.full(size, NONE)
    if len(places):
        timeline = moments.timeline.at(points_of(moments, places))
        spans = told(timeline, concept, window)
        found = best(timeline, spans, -spans.value) if len(spans) else np.full(len(places), NONE)
        row[places] = np.where(found == NONE, NONE, np.append(spans.row, NONE)[found])
    known = row != NONE
    lowest = _reading(moments, concept, row, known)
    now = moments.panel[concept]
    by = np.where(known & now.current, now.value - lowest.value, 0.0)
    return Rise(lowest, by)


def _reading(moments: Moments, concept: str, row: NDArray[np.int64], known: Bools) -> Readings:
    value, effective = np.full(len(row), np.nan), np.zeros(len(row), np.int64)
    value[known] = round_half_up(moments.stack["value"][row[known]], CONCEPTS[concept].precision)
    effective[known] = moments.stack["effective"][row[known]]
    number = np.full(len(row), CONCEPT_NUMBER[concept])
    return Readings(known, np.zeros(len(row), np.bool_), value, effective, row, number)
