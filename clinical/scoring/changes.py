"""What each message of a batch changed, of each of its patients.

Here: the pairs of message and patient, the patient's clock at each, and which of the values that
count, and of the facts that windows rest on, are another from there on. Not here: which value
counts (winners.py), or the scores that are due for it (engine.py).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.scoring.concept_flags import no_flags
from clinical.scoring.history import History
from clinical.scoring.memory import (
    CONCEPT_NAMES,
    CONCEPT_NUMBER,
    LOOKBACK_BY_NUMBER,
    MEMORY_BY_NUMBER,
    WINDOWED,
    Stack,
)
from clinical.scoring.put_by import PutBy
from clinical.scoring.versions import told
from clinical.scoring.winners import NONE, Winners

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_WINDOWED = [CONCEPT_NUMBER[name] for name in WINDOWED]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch beside what is remembered of its patients.

    `stack` holds `held` remembered rows, then the batch's own; `owner` is each row's patient.
    `patient` and `received` are of the batch's rows alone, `clocks`, `withdrawn`,
    `put_by` and `latest`, the highest version put by, of each patient before the batch.
    """

    names: list[str]
    clocks: Ints
    patient: Ints
    received: Ints
    stack: Stack
    owner: Ints
    held: int
    withdrawn: list[Stack]
    put_by: PutBy
    latest: Ints


@dataclass(frozen=True, slots=True)
class Pairs:
    """Distinct (message, patient) pairs with first and last row, and the pair of each row."""

    message: Ints
    owner: Ints
    first: Ints
    last: Ints
    of_row: Ints
    now: Ints


def message_numbers(signals: pa.Table) -> Ints:
    """Number of each row's message within the batch; a message's rows stand together."""
    offset = signals["offset"].combine_chunks().to_numpy()
    partition = signals["partition"].combine_chunks().to_numpy()
    feed = signals["feed"].combine_chunks().dictionary_encode().indices.to_numpy()
    opens = np.ones(len(offset), np.int64)
    opens[1:] = (np.diff(offset) != 0) | (np.diff(partition) != 0) | (np.diff(feed) != 0)
    numbers: Ints = np.cumsum(opens) - 1
    return numbers


def pairs_of(message: Ints, batch: Batch, patients: int) -> Pairs:
    """The pairs of a batch, by message and then patient."""
    key = message * patients + batch.patient
    point, first, of_row = np.unique(key, return_index=True, return_inverse=True)
    last = np.zeros(len(point), np.int64)
    last[of_row] = np.arange(len(key))
    owner = point % patients
    now = clock_at(batch.received[last], owner, batch.clocks)
    return Pairs(point // patients, owner, first, last, of_row, now)


def clock_at(received: Ints, owner: Ints, clocks: Ints) -> Ints:
    """The patient's clock at each point: the newest received_at so far."""
    if not len(received):
        return received
    order = np.argsort(owner, kind="stable")
    mine = owner[order]
    by_time = np.argsort(received, kind="stable")
    rank = np.empty(len(received), np.int64)
    rank[by_time] = np.arange(len(received))
    base = mine * len(received)
    best = np.maximum.accumulate(base + rank[order]) - base
    now = np.empty(len(received), np.int64)
    now[order] = np.maximum(received[by_time[best]], clocks[mine])
    return now


def what_changed(won: Winners, batch: Batch, points: Pairs) -> tuple[Bools, Bools]:
    """Per point and concept: whether the value that counts changed; whether the old one was wrong.

    A change is another value or clinical time.
    """
    changed, corrected = no_flags(len(points.owner)), no_flags(len(points.owner))
    stack = batch.stack
    begins, ends = _runs(won, batch, points)
    point, number = points.of_row[won.row[ends] - batch.held], won.group[ends] % len(CONCEPT_NAMES)
    horizon = points.now[point] - 2 * LOOKBACK_BY_NUMBER[number]
    old, new = (_visible(stack, one, horizon) for one in (won.before(begins), won.won[ends]))
    both = (old != NONE) & (new != NONE)
    ahead = np.sign(stack["effective"][new] - stack["effective"][old])
    same = (ahead == 0) & (stack["value"][old] == stack["value"][new])
    changed[point, number] = np.where(both, ~same, old != new)
    # Beside it at the same time may stand another measurement, which corrects nothing.
    again = (ahead == 0) & ~same & (stack["signal"][old] == stack["signal"][new])
    corrected[point, number] = (old != NONE) & ((new == NONE) | (ahead < 0) | again)
    return changed, corrected


def _runs(won: Winners, batch: Batch, points: Pairs) -> tuple[Ints, Ints]:
    """First and last place, among the winners, of the rows that one point has of one concept."""
    fresh = won.row >= batch.held
    point = np.concatenate([np.full(batch.held, NONE), points.of_row])[won.row]
    other = np.ones(len(point) + 1, np.bool_)
    other[1:-1] = (point[1:] != point[:-1]) | (won.group[1:] != won.group[:-1])
    return np.flatnonzero(other[:-1] & fresh), np.flatnonzero(other[1:] & fresh)


def what_was_heard(history: History, batch: Batch, points: Pairs) -> tuple[Bools, Bools]:
    """Per point and concept of a window: whether a fact changed; whether it was a known one."""
    heard, revised = no_flags(len(points.owner)), no_flags(len(points.owner))
    point = np.concatenate([np.full(batch.held, -1), points.of_row])
    found = told(batch.stack, history.chain(_WINDOWED), point, points.now, MEMORY_BY_NUMBER)
    heard[found.point, found.concept] = True
    revised[found.point[found.revised], found.concept[found.revised]] = True
    return heard, revised


def _visible(stack: Stack, winner: Ints, horizon: Ints) -> Ints:
    """Winners that are not yet forgotten."""
    forgotten = (winner != NONE) & (stack["effective"][winner] < horizon)
    return np.where(forgotten, NONE, winner)
