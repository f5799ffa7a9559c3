"""What a shard remembers of its patients, as compact arrays.

Here: one small array of rows per patient, how rows enter it and when they leave. Not here: what the
rows mean for a score.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS
from clinical.normalise.infusions import INFUSION_CONCEPTS
from clinical.scores import SCORES
from clinical.scores.definition import Score, WindowScore
from clinical.scoring.inputs import concepts_of
from clinical.scoring.validity import LOOKBACK, MICROSECONDS_PER_HOUR, UNLIMITED

CONCEPT_NAMES: tuple[str, ...] = tuple(CONCEPTS)
CONCEPT_NUMBER: Mapping[str, int] = {name: number for number, name in enumerate(CONCEPT_NAMES)}
WINDOW_SCORES = tuple(score for score in SCORES if isinstance(score, WindowScore))
LOOKBACK_BY_NUMBER = np.array([LOOKBACK[name] for name in CONCEPT_NAMES], np.int64)
# Scores over a stretch of time: the concepts they rest on, and how far back.
WINDOWED: Mapping[str, int] = {
    name: round(max(one.hours.get(name, 0) for one in WINDOW_SCORES) * MICROSECONDS_PER_HOUR)
    for name in CONCEPT_NAMES
    if any(name in one.hours for one in WINDOW_SCORES)
}
# Detections hold a score against what it was so many hours before, by all that is known now.
COMPARED_HOURS: Mapping[str, float] = {"news2": 24, "sofa": 24}


def _compared(concept: str) -> int:
    """How far back a concept's rows decide what such a score was."""
    reach = [
        COMPARED_HOURS[score.name] * MICROSECONDS_PER_HOUR + _reach(score, concept)
        for score in SCORES
        if score.name in COMPARED_HOURS and concept in _rests_on(score)
    ]
    return round(max(reach, default=0))


def _rests_on(score: Score) -> set[str]:
    return {concept for name in score.depends_on for concept in concepts_of(name)}


def _reach(score: Score, concept: str) -> float:
    if isinstance(score, WindowScore):
        return score.hours[concept] * MICROSECONDS_PER_HOUR
    return LOOKBACK[concept]


# Vital signs are told often, and of these no window, no context and no detection reads an earlier
# value, but where a score is held against what it was. Their rows are put by (put_by.py).
QUIET: frozenset[str] = frozenset(
    {
        *("heart_rate", "respiratory_rate", "spo2", "temperature"),
        *("systolic_bp", "diastolic_bp", "etco2", "cvp"),
    }
)

# After so long a row can neither count nor be called stale nor stand in a window.
MEMORY: Mapping[str, int] = {
    name: max(2 * LOOKBACK[name], WINDOWED.get(name, 0), _compared(name)) for name in CONCEPT_NAMES
}
MEMORY_BY_NUMBER = np.array(list(MEMORY.values()), np.int64)
# Facts whose identity may come again with another clinical time: orders, medications, infusions.
IS_EVENT = np.array(
    [CONCEPTS[name].kind == "event" or name in INFUSION_CONCEPTS for name in CONCEPT_NAMES]
)

# `origin` numbers the (feed, partition) a row came from; `arrival` orders rows within the shard.
ROW = np.dtype(
    [
        ("concept", np.int16),
        ("void", np.bool_),
        ("origin", np.int32),
        ("row", np.int32),
        # Under which identifier and visit it came: fills what alignment would leave empty.
        ("source", np.int32),
        ("effective", np.int64),
        ("offset", np.int64),
        ("arrival", np.int64),
        # By which versions of one fact follow one another.
        ("written", np.int64),
        ("value", np.float64),
        ("signal", np.uint64),
    ],
    # Fields that lie across words are read several times slower.
    align=True,
)
# Rows as mere bytes: NumPy copies those at once, and rows with fields field by field.
_BYTES = np.dtype((np.void, ROW.itemsize))
Stack = NDArray[np.void]
NOTHING: Stack = np.empty(0, ROW)


@dataclass(slots=True)
class Patient:
    """Rows of one patient that may still count, in arrival order, and the patient's clock.

    `withdrawn` are withdrawals: what they withdraw may come after them. `heard` are later rows that
    nobody has looked at yet, since nothing was to follow from them, each with the clock at which it
    arrived. `put_by` are rows that few batches ask for, besides `rows`, and `latest` the highest
    number of a version among them.
    """

    rows: Stack = field(default_factory=lambda: NOTHING)
    clock: int = 0
    withdrawn: Stack = field(default_factory=lambda: NOTHING)
    heard: list[tuple[Stack, NDArray[np.int64]]] = field(default_factory=list)
    put_by: tuple[Stack, ...] = ()
    latest: int = np.iinfo(np.int64).min


def joined(stacks: Iterable[Stack]) -> Stack:
    """Rows one after the other."""
    return np.concatenate([stack.view(_BYTES) for stack in stacks]).view(ROW)


def taken(rows: Stack, places: NDArray[np.int64]) -> Stack:
    """The rows at these places."""
    return rows.view(_BYTES).take(places).view(ROW)


def pieces(rows: Stack, ends: NDArray[np.int64]) -> Iterator[Stack]:
    """Rows in pieces that end at these places, each with memory of its own."""
    plain, begin = rows.view(_BYTES), 0
    for end in ends.tolist():
        yield plain[begin:end].copy().view(ROW)
        begin = end


def lasting(rows: Stack) -> NDArray[np.bool_]:
    """Rows that count for good."""
    lasts: NDArray[np.bool_] = LOOKBACK_BY_NUMBER[rows["concept"]] == UNLIMITED
    return lasts


def remembered(rows: Stack, clock: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows that can still count, be called stale or stand in a window at the patient's clock."""
    horizon = MEMORY_BY_NUMBER[rows["concept"]]
    kept: NDArray[np.bool_] = (clock - rows["effective"]) <= horizon
    return kept
