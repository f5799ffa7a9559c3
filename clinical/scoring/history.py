"""The rows of many owners by concept, and the arrival at which each stopped being true.

Here: rows of a concept, and when they were withdrawn or replaced. Not here: who looks at them, and
when (timeline.py).
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.bounds import exact
from clinical.scoring.memory import CONCEPT_NAMES, CONCEPT_NUMBER, WINDOWED, Stack, joined
from clinical.scoring.once import Once
from clinical.scoring.versions import NEVER, Chains, chains

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_WINDOWED = [CONCEPT_NUMBER[name] for name in WINDOWED]
# Before the first of these concepts, before the second..., and past the last.
_EDGES = np.array([*_WINDOWED, _WINDOWED[-1] + 1], np.int16)

# As narrow as the numbers of concepts are stored, so that none of them is widened to be searched.
_EVERY = np.arange(len(CONCEPT_NAMES) + 1, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class Values:
    """Rows that give a concept a value, by clinical time and then arrival, and what they say."""

    row: Ints
    owner: Ints
    effective: Ints
    gone: Ints
    value: Floats

    def take(self, chosen: slice) -> "Values":
        """Some of them."""
        return Values(
            self.row[chosen],
            self.owner[chosen],
            self.effective[chosen],
            self.gone[chosen],
            self.value[chosen],
        )


class History:
    """Rows in the order of arrival, which is their place in the stack, and the owner of each."""

    def __init__(
        self, stack: Stack, owner: Ints, lacks: Set[str] = frozenset(), among: Ints | None = None
    ) -> None:
        """Take rows in the order of arrival; owners are numbered from 0.

        `once` keeps what follows from the rows alone.

        Args:
            stack: The rows.
            owner: Whose each is.
            lacks: Concepts of which earlier rows are not among these: nobody may ask for them.
            among: The places of those that are looked at; all where None.
        """
        self.stack, self.owner, self._lacks = stack, owner, lacks
        self._has_void = bool(stack["void"].any())
        concept = stack["concept"] if among is None else stack["concept"][among]
        order = np.argsort(concept, kind="stable")
        self._by_concept: Ints = order if among is None else among[order]
        self._ends: list[int] = concept[order].searchsorted(_EVERY).tolist()
        self._gone = np.full(len(stack), NEVER)
        self._chained = np.zeros(len(CONCEPT_NAMES), np.bool_)
        self.once = Once()

    def of(self, owners: Ints, before: Stack, whose: Ints) -> "History":
        """The rows of some owners alone, after others of theirs that came before.

        What few are asked for, the rest need not pay. The place of a row is moved by those before.
        """
        chosen = np.zeros(self.owners, np.bool_)
        chosen[owners] = True
        mine = len(before) + np.flatnonzero(chosen[self.owner])
        stack = joined([before, self.stack]) if len(before) else self.stack
        owner = np.concatenate([whose, self.owner])
        return History(stack, owner, among=np.concatenate([np.arange(len(before)), mine]))

    @cached_property
    def owners(self) -> int:
        """How many owners there are."""
        return int(self.owner.max(initial=-1)) + 1

    def tells(self, concept: int) -> bool:
        """Whether there is any row of a concept."""
        return self._ends[concept] < self._ends[concept + 1]

    def values(self, concept: str) -> Values:
        """The values of a concept by clinical time, also those that are gone."""
        return self.once(("values", concept), lambda: self._values(concept))

    @property
    def windowed(self) -> Values:
        """Those of all concepts that windows rest on, one concept after the other."""
        return self.once("windowed", lambda: self._in_time(self.rows(*WINDOWED)))

    def pieces(self, row: Ints) -> Mapping[str, slice]:
        """Where each concept stands among rows of those that windows rest on."""
        ends = self.stack["concept"][row].searchsorted(_EDGES).tolist()
        return {name: slice(*ends[place : place + 2]) for place, name in enumerate(WINDOWED)}

    def _values(self, concept: str) -> Values:
        if concept not in WINDOWED:
            return self._in_time(self.rows(concept))
        every, mine = self.windowed, self.once("pieces", lambda: self.pieces(self.windowed.row))
        return every.take(mine[concept])

    def _in_time(self, row: Ints) -> Values:
        """Rows by concept, in which order they are, and clinical time."""
        effective = self.effective[row]
        if (effective[1:] < effective[:-1]).any():
            order = np.lexsort((effective, self.stack["concept"][row]))
            row, effective = row[order], effective[order]
        return Values(row, self.owner[row], effective, self.gone(row), self.value[row])

    def rows(self, *concepts: str) -> Ints:
        """Rows that give these concepts a value, by concept and then in the order of arrival."""
        if not self._lacks.isdisjoint(concepts):
            msg = f"earlier rows of {sorted(self._lacks & set(concepts))} are put by: ask for them"
            raise LookupError(msg)
        rows = self._all([CONCEPT_NUMBER[concept] for concept in concepts])
        if not self._has_void:
            return rows
        told: Ints = rows[~self.stack["void"][rows]]
        return told

    @cached_property
    def value(self) -> Floats:
        """Values as they are read for half-open bands: as told, to a millionth."""
        return exact(self.stack["value"])

    @cached_property
    def effective(self) -> Ints:
        """Clinical times, side by side."""
        return np.ascontiguousarray(self.stack["effective"])

    def gone(self, rows: Ints) -> Ints:
        """The arrival at which each row was withdrawn or replaced; NEVER while it is true."""
        present = np.zeros(len(CONCEPT_NAMES), np.bool_)
        present[self.stack["concept"][rows]] = True
        fresh = np.flatnonzero(present & ~self._chained)
        if len(fresh):
            self.chain(fresh.tolist())
        gone: Ints = self._gone[rows]
        return gone

    def chain(self, numbers: Iterable[int]) -> Chains:
        """Find the versions of all facts of these concepts."""
        chosen = list(numbers)
        found = chains(self.stack, self.owner, self._all(chosen))
        found.end(self._gone)
        self._chained[chosen] = True
        return found

    def _all(self, numbers: Sequence[int]) -> Ints:
        slices = [self._by_concept[self._ends[one] : self._ends[one + 1]] for one in numbers]
        return slices[0] if len(slices) == 1 else np.concatenate([_NONE, *slices])


_NONE: Ints = np.empty(0, np.int64)
