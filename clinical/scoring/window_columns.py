"""What a score over a stretch of time is at many moments, given what each parameter came to.

Here: totals, bounds, states of window scores as arrays. Not here: what a parameter's worst value is
(the law of each score), or the twin in plain Python (window_assessment.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import WindowScore
from clinical.scoring.columns import (
    COMPLETE,
    INDETERMINATE,
    PARTIAL,
    STALE,
    Assessed,
    Component,
    times,
)
from clinical.scoring.panel import NEVER, Panel, Readings, number_of
from clinical.scoring.timeline import Timeline
from clinical.scoring.windows import Spans, best_of_each
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Spans that may decide a parameter, the points of each, and what their values are.

    `worked_out` names the values where they are not those of the concept of the row.
    """

    spans: Spans
    points: Ints
    worked_out: str | None = None


def worst_of_each(
    timeline: Timeline, organs: Mapping[str, tuple[Candidates, Floats]]
) -> dict[str, tuple[Component, Ints]]:
    """Each parameter by the active span with most points, then by badness; and its points."""
    kinds = [(found.spans, (found.points, badness)) for found, badness in organs.values()]
    places = best_of_each(timeline, kinds)
    return {
        name: component(timeline, name, found, place)
        for (name, (found, _)), place in zip(organs.items(), places, strict=True)
    }


def component(
    timeline: Timeline, name: str, found: Candidates, place: Ints
) -> tuple[Component, Ints]:
    """The parameter that rests at each moment on the span at `place`, if any, and its points."""
    if not len(found.spans):
        return nothing(name, len(place))
    known, stack = place != NONE, timeline.history.stack
    row = np.where(known, found.spans.row[place], NONE)
    concept = stack["concept"][row].astype(np.int64)
    if found.worked_out:
        concept = np.full(len(place), number_of(found.worked_out))
    reading = Readings(
        current=known,
        stale=np.zeros(len(place), np.bool_),
        value=np.where(known, found.spans.value[place], np.nan),
        effective=np.where(known, stack["effective"][row], NEVER),
        row=row,
        concept=concept,
    )
    points = np.where(known, found.points[place], 0)
    return Component(name, known, points, reading), points


def nothing(name: str, size: int) -> tuple[Component, Ints]:
    """A parameter of which nothing is known at any moment."""
    blank, gone = np.zeros(size, np.bool_), np.full(size, NONE)
    reading = Readings(blank, blank, np.full(size, np.nan), gone + NEVER, gone, gone)
    points = np.zeros(size, np.int64)
    return Component(name, blank, points, reading), points


def as_points(
    score: WindowScore,
    parts: Sequence[tuple[Component, Ints]],
    panel: Panel,
    *,
    is_worst: bool = False,
) -> Assessed:
    """One score out of its parameters: their sum, or the highest of them."""
    components = tuple(part for part, _ in parts)
    known = np.array([part.known for part in components])
    points = np.array([points for _, points in parts])
    most = np.where(known, points, [[item.highest] for item in score.parameters])
    some = known.any(axis=0)
    lowest, highest = (
        np.where(some, one.max(axis=0) if is_worst else one.sum(axis=0), np.nan)
        for one in (points, most)
    )
    return Assessed(
        score,
        _state(score, known, panel),
        np.where(some, 0, 1),
        (None, "no_inputs"),
        lowest,
        lowest,
        highest,
        None,
        components,
        *times(components, known, panel),
    )


def _state(score: WindowScore, known: Bools, panel: Panel) -> Ints:
    stale = _stale(score, panel)
    state = np.where((stale & ~known).any(axis=0), STALE, PARTIAL)
    state = np.where(known.all(axis=0), COMPLETE, state)
    return np.where(known.any(axis=0), state, INDETERMINATE)


def _stale(score: WindowScore, panel: Panel) -> Bools:
    """Where any answer of each parameter is too old, a line for each."""
    each = [panel[name].stale for item in score.parameters for name in item.answers]
    opens = [*accumulate((len(item.answers) for item in score.parameters), initial=0)][:-1]
    stale: Bools = np.logical_or.reduceat(each, opens, axis=0)
    return stale
