"""What a score was at an earlier time, by what is known now.

Here: a score at any clinical times of patients, each by the knowledge of a moment, and such a score
spread over all moments, so that an alert can quote it. Not here: which times (lowest.py).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import PointScore
from clinical.scoring.axis import Axis
from clinical.scoring.columns import Assessed, Component
from clinical.scoring.engine import Moments
from clinical.scoring.history import History
from clinical.scoring.memory import CONCEPT_NAMES, CONCEPT_NUMBER, LOOKBACK_BY_NUMBER
from clinical.scoring.panel import Panel, Readings, concepts_read
from clinical.scoring.point_columns import assess_points
from clinical.scoring.timeline import Points
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def points_of(moments: Moments, places: Ints) -> Points:
    """Some of the moments as points."""
    points = moments.timeline.points
    return Points(points.owner[places], points.known[places], points.now[places])


def score_at(moments: Moments, score: PointScore, points: Points) -> Assessed:
    """A score at points, in any order: values of later times than a point's do not count there."""
    [assessed] = assess_points([score], panel_at(moments, concepts_read((score,)), points))
    return assessed


def panel_at(moments: Moments, concepts: tuple[str, ...], points: Points) -> Panel:
    """Readings of some concepts at points; what is too old to count does not stand as stale."""
    history = moments.timeline.history

    def lookup(numbers: Ints) -> Ints:
        return newest_values(history, numbers, points)

    return Panel(history, points.now, lookup, (concepts,))


def newest_values(history: History, concepts: Ints, points: Points) -> Ints:
    """A line for each concept: the row of its newest value at each point, as known there, or NONE.

    Values are walked back from a point's time until one is known: mostly the first is.
    """
    size = len(points.now)
    found = np.full(len(concepts) * size, NONE)
    values = by_owner(history, concepts)
    if not len(values.row):
        return found.reshape(-1, size)
    row, gone, known = values.row, values.gone, np.tile(points.known, len(concepts))
    line = np.repeat(np.arange(len(concepts)), size)
    owner = np.tile(points.owner, len(concepts)) + line * history.owners
    now = np.tile(points.now, len(concepts))
    place = values.axis.first(owner, now + 1) - 1
    begins = values.axis.first(owner, now - LOOKBACK_BY_NUMBER[concepts][line])
    asked = np.flatnonzero(place >= begins)
    while len(asked):
        at = place[asked]
        is_known = (row[at] <= known[asked]) & (known[asked] < gone[at])
        found[asked[is_known]] = row[at[is_known]]
        place[asked] -= 1
        asked = asked[~is_known & (at > begins[asked])]
    return found.reshape(-1, size)


def newest_value(history: History, concept: str, points: Points) -> Ints:
    """The row of one concept's newest value at each point, as known there, or NONE."""
    found: Ints = newest_values(history, np.array([CONCEPT_NUMBER[concept]]), points)[0]
    return found


def by_owner(history: History, concepts: Ints) -> "Values":
    """Values of these concepts, put in order once."""
    return history.once(("by owner", *concepts.tolist()), lambda: _values(history, concepts))


@dataclass(frozen=True, slots=True)
class Values:
    """Values of several concepts by concept, owner, clinical time and arrival."""

    row: Ints
    gone: Ints
    axis: Axis


def _values(history: History, concepts: Ints) -> Values:
    """Each concept's owners are numbered on from those of the one before."""
    row = history.rows(*(CONCEPT_NAMES[number] for number in concepts.tolist()))
    line = np.zeros(len(CONCEPT_NAMES), np.int64)
    line[concepts] = np.arange(len(concepts))
    owner = history.owner[row] + line[history.stack["concept"][row]] * history.owners
    # Rows of a concept are in the order of arrival, and of equals stay in it.
    order = np.lexsort((history.effective[row], owner))
    row, owner = row[order], owner[order]
    axis = Axis(owner, history.effective[row], len(concepts) * history.owners)
    return Values(row, history.gone(row), axis)


def spread(found: Assessed, name: str, places: Ints, size: int, chosen: Bools) -> Assessed:
    """A score found at some of `size` moments as one of another name; silent but where chosen."""
    at = places[chosen]

    def over(column: NDArray[Any]) -> NDArray[Any]:
        nothing = np.nan if column.dtype.kind == "f" else 0
        whole = np.full(size, nothing, column.dtype)
        whole[at] = column[chosen]
        return whole

    parts = tuple(
        Component(
            part.parameter,
            over(part.known),
            None if part.points is None else over(part.points),
            Readings(*(over(getattr(part.reading, it)) for it in Readings.__slots__)),
        )
        for part in found.components
    )
    columns: dict[str, Any] = {
        item: over(value)
        for item in Assessed.__slots__
        if isinstance(value := getattr(found, item), np.ndarray)
    }
    return replace(found, score=replace(found.score, name=name), components=parts, **columns)
