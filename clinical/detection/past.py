"""What a score was at an earlier time, by what is known now.

Here: a score at any clinical times of patients, each by the knowledge of a moment, and such a score
spread over all moments, so that an alert can quote it. Not here: which times (lowest.py).
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import PointScore
from clinical.scoring.axis import Axis
from clinical.scoring.columns import Assessed, Component, assess
from clinical.scoring.engine import Moments
from clinical.scoring.history import History
from clinical.scoring.inputs import POPULATION_INPUTS, concepts_of
from clinical.scoring.memory import CONCEPT_NAMES
from clinical.scoring.panel import Panel, Readings
from clinical.scoring.timeline import Points
from clinical.scoring.validity import LOOKBACK
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def points_of(moments: Moments, places: Ints) -> Points:
    """Some of the moments as points."""
    points = moments.timeline.points
    return Points(points.owner[places], points.known[places], points.now[places])


def score_at(moments: Moments, score: PointScore, points: Points) -> Assessed:
    """A score at points, in any order: values of later times than a point's do not count there."""
    history = moments.timeline.history
    named = (*score.depends_on, *POPULATION_INPUTS)
    wanted = {concept for name in named for concept in concepts_of(name)}

    def lookup(concepts: Ints) -> Ints:
        found = np.full((len(concepts), len(points.now)), NONE)
        for line, number in enumerate(concepts.tolist()):
            if CONCEPT_NAMES[number] in wanted:
                found[line] = newest_value(history, CONCEPT_NAMES[number], points)
        return found

    return assess(score, Panel(moments.stack, points.now, lookup))


def newest_value(history: History, concept: str, points: Points) -> Ints:
    """The row of a concept's newest value at each point, as known there, or NONE.

    Values are walked back from a point's time until one is known: mostly the first is.
    """
    found = np.full(len(points.now), NONE)
    row = history.rows(concept)
    if not len(row):
        return found
    row = row[np.lexsort((row, history.stack["effective"][row], history.owner[row]))]
    owner, gone = history.owner[row], history.gone(row)
    axis = Axis(
        owner, history.stack["effective"][row], int(max(owner.max(), points.owner.max())) + 1
    )
    place = axis.first(points.owner, points.now + 1) - 1
    begins = axis.first(points.owner, points.now - LOOKBACK[concept])
    asked = np.flatnonzero(place >= begins)
    while len(asked):
        at, known = place[asked], points.known[asked]
        is_known = (row[at] <= known) & (known < gone[at])
        found[asked[is_known]] = row[at[is_known]]
        place[asked] -= 1
        asked = asked[~is_known & (at > begins[asked])]
    return found


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
