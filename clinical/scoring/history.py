"""The rows of many owners by concept, and the arrival at which each stopped being true.

Here: rows of a concept, and when they were withdrawn or replaced. Not here: who looks at them, and
when (timeline.py).
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.bounds import exact
from clinical.scoring.memory import CONCEPT_NAMES, CONCEPT_NUMBER, Stack
from clinical.scoring.versions import NEVER, Chains, chains

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Values:
    """Rows that give a concept a value, by clinical time and then arrival, and what they say."""

    row: Ints
    owner: Ints
    effective: Ints
    gone: Ints
    value: Floats


class History:
    """Rows in the order of arrival, which is their place in the stack, and the owner of each."""

    def __init__(self, stack: Stack, owner: Ints) -> None:
        """Take rows in the order of arrival; owners are numbered from 0."""
        self.stack, self.owner = stack, owner
        self._has_void = bool(stack["void"].any())
        self._gone = np.full(len(stack), NEVER)
        self._chained = np.zeros(len(CONCEPT_NAMES), np.bool_)
        concept = stack["concept"]
        self._by_concept: Ints = np.argsort(concept, kind="stable")
        ends = np.searchsorted(concept[self._by_concept], np.arange(len(CONCEPT_NAMES) + 1))
        self._ends: list[int] = ends.tolist()
        self._found: dict[Hashable, object] = {}

    def once(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """What follows from the rows alone is found when first asked for, and kept."""
        if key not in self._found:
            self._found[key] = find()
        return cast("Found", self._found[key])

    @cached_property
    def owners(self) -> int:
        """How many owners there are."""
        return int(self.owner.max(initial=-1)) + 1

    def values(self, concept: str) -> Values:
        """The values of a concept by clinical time, also those that are gone."""
        return self.once(("values", concept), lambda: self._values(concept))

    def _values(self, concept: str) -> Values:
        row = self.rows(concept)
        effective = self.effective[row]
        if (effective[1:] < effective[:-1]).any():
            order = np.argsort(effective, kind="stable")
            row, effective = row[order], effective[order]
        number = CONCEPT_NUMBER[concept]
        if len(row) and not self._chained[number]:
            self.chain([number])
        return Values(row, self.owner[row], effective, self._gone[row], self.value[row])

    def rows(self, *concepts: str) -> Ints:
        """Rows that give these concepts a value, by concept and then in the order of arrival."""
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
