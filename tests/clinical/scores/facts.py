"""Facts of one patient for tests of scores over a stretch of time, assessed by both engines."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from clinical.scores.definition import WindowScore
from clinical.scoring.assessment import Assessment
from clinical.scoring.columns import STATES
from clinical.scoring.grid import Grid, grid
from clinical.scoring.inputs import Panel, Reading
from clinical.scoring.plain_laws import assess
from tests.clinical.scores.panels import NOW

HOUR = 3_600_000_000
_STAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a concept, so many hours before now."""

    concept: str
    value: float
    hours_ago: float = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a score came to: points by organ, what is missing, and the bounds of the total."""

    points: dict[str, int]
    missing: tuple[str, ...]
    state: str
    observed: float | None
    lowest: float | None
    highest: float | None


def found(score: WindowScore, *facts: Fact) -> Found:
    """Assess facts learnt in this order, by plain Python and by columns, which must agree."""
    plain = _of_plain(assess(score, Panel({}, frozenset()), NOW, _past(facts)))
    columns = _of_columns(score, grid(_signals(facts), _now(), "all"))
    assert plain.points == columns.points
    assert (plain.missing, plain.observed, plain.highest) == (
        columns.missing,
        columns.observed,
        columns.highest,
    )
    return columns


def _past(facts: tuple[Fact, ...]) -> dict[str, list[Reading]]:
    past: dict[str, list[Reading]] = {}
    for place, fact in enumerate(facts):
        reading = Reading(fact.concept, fact.value, _at(fact), ("f", 0, place, 0), place)
        past.setdefault(fact.concept, []).append(reading)
    for readings in past.values():
        readings.sort(key=lambda one: (one.effective_at, one.arrival))
    return past


def _at(fact: Fact) -> int:
    return NOW - round(fact.hours_ago * HOUR)


def _now() -> pa.Table:
    return pa.table({"patient_id": ["p"], "at": pa.array([NOW]).cast(_STAMP)})


def _signals(facts: tuple[Fact, ...]) -> pa.Table:
    size = len(facts)
    return pa.table(
        {
            "patient_id": pa.array(["p"] * size, pa.string()),
            "concept": pa.array([fact.concept for fact in facts], pa.string()),
            "effective_at": pa.array([_at(fact) for fact in facts], pa.int64()).cast(_STAMP),
            "value": pa.array([fact.value for fact in facts], pa.float64()),
            "void": pa.array([False] * size, pa.bool_()),
            "signal_id": pa.array([str(place) for place in range(size)], pa.string()),
            "received_at": pa.array([NOW] * size, pa.int64()).cast(_STAMP),
            "feed": pa.array(["f"] * size, pa.string()),
            "partition": pa.array([0] * size, pa.int32()),
            "offset": pa.array(range(size), pa.int64()),
            "row": pa.array([0] * size, pa.int32()),
        }
    )


def _of_plain(one: Assessment) -> Found:
    points = {part.parameter: part.points or 0 for part in one.components}
    return Found(points, one.missing, one.state, one.observed, one.lowest, one.highest)


def _of_columns(score: WindowScore, at: Grid) -> Found:
    one = at.assess(score)
    known = [part for part in one.components if part.known[0]]
    points = {part.parameter: int(part.points[0]) for part in known if part.points is not None}
    missing = tuple(part.parameter for part in one.components if not part.known[0])
    bounds = (one.observed[0], one.lowest[0], one.highest[0])
    numbers = (None if np.isnan(value) else float(value) for value in bounds)
    applies = bool(one.applies[0])
    return Found(points, missing if applies else (), STATES[one.state[0]], *numbers)
