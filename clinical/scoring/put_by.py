"""Rows put by: earlier values of the vital signs, which a batch seldom asks for.

Here: which rows of a patient are put by, when a batch needs them after all, and how they come back.
Not here: what any row means for a score.

Of a vital sign that no window rests on, the newest value alone decides what a batch changes; hours
of earlier ones would be carried through every batch, and cost many times what the batch itself
does. They come back where a fact of theirs may be withdrawn or overruled, where identities change,
and where a detection holds a score against what it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.memory import (
    CONCEPT_NUMBER,
    NOTHING,
    QUIET,
    Patient,
    Stack,
    joined,
    remembered,
    taken,
)
from clinical.scoring.winners import NONE, Winners

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
IS_QUIET = np.array([name in QUIET for name in CONCEPT_NUMBER])
# Pieces of one patient's that are joined, so that there are never many of them.
_PIECES: Final = 16


@dataclass(frozen=True, slots=True)
class PutBy:
    """What is put by of each patient of a batch, from before it, and the patient's clock."""

    each: Sequence[tuple[Stack, ...]]
    clocks: Ints

    def of(self, owners: Ints) -> tuple[Stack, Ints]:
        """Rows of some patients, each one's in the order of arrival, and whose each is."""
        parts = [(owner, part) for owner in owners.tolist() for part in self.each[owner]]
        rows = joined([NOTHING, *(part for _, part in parts)])
        whose = np.repeat(
            np.array([owner for owner, _ in parts], np.int64), [len(part) for _, part in parts]
        )
        order = np.argsort(rows["arrival"], kind="stable")
        order = order[remembered(rows, self.clocks[whose])[order]]
        return taken(rows, order), whose[order]


def whole(one: Patient) -> Stack:
    """All rows of a patient in the order of arrival, those put by too."""
    if not one.put_by:
        return one.rows
    rows, _ = PutBy([one.put_by], np.array([one.clock])).of(np.zeros(1, np.int64))
    rows = joined([rows, one.rows])
    return taken(rows, np.argsort(rows["arrival"], kind="stable"))


def needed(fresh: Stack, patient: Ints, known: Sequence[Patient]) -> Bools:
    """The patients of whom these rows may withdraw or overrule what is put by."""
    latest = np.array([one.latest for one in known], np.int64)
    reaches = IS_QUIET[fresh["concept"]]
    reaches &= fresh["void"] | (fresh["written"] < latest[patient])
    found = np.zeros(len(known), np.bool_)
    found[patient[reaches]] = True
    return found


def leaving(stack: Stack, won: Winners, kept: Ints) -> Bools:
    """Which of the rows that are kept are put by: of vital signs all but those that count."""
    counts = np.zeros(len(stack), np.bool_)
    last = won.won[np.append(won.group[1:] != won.group[:-1], True)[: len(won.group)]]
    counts[last[last != NONE]] = True
    leaves: Bools = IS_QUIET[stack["concept"][kept]] & ~counts[kept]
    return leaves


def with_more(before: tuple[Stack, ...], more: Stack, clock: int) -> tuple[Stack, ...]:
    """What is put by, and more; now and then looked through for what is forgotten by now."""
    if not len(more):
        return before
    if len(before) < _PIECES:
        return (*before, more)
    rows = joined([*before, more])
    return (taken(rows, np.flatnonzero(remembered(rows, np.array(clock)))),)
