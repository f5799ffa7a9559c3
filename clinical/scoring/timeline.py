"""Rows and moments side by side: at which of its owner's points something is known and holds.

Here: the points (owner, last arrival that is known, now) at which somebody looks, and runs of them.
Not here: the rows (history.py), or what is looked for (windows.py).

Along an owner's points both `known` (a place in the stack) and `now` only rise, so whatever holds
from one arrival and one clinical time until another holds at a contiguous run of points. Everything
about windows rests on that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.axis import Axis
from clinical.scoring.history import History, Values
from clinical.scoring.memory import WINDOWED
from clinical.scoring.once import Once
from clinical.scoring.spans import Spans
from clinical.scoring.versions import NEVER

Ints = NDArray[np.int64]
Pair = tuple[Ints, Ints]


@dataclass(frozen=True, slots=True)
class Points:
    """Where somebody looks: whose rows, the last arrival that is known, and the clock."""

    owner: Ints
    known: Ints
    now: Ints


class Timeline:
    """The rows of many owners, and the points at which they are looked at."""

    def __init__(self, history: History, points: Points) -> None:
        """Take points in any order; answers are given in the same.

        `once` keeps what follows from what was told alone.
        """
        self.history, self.points = history, points
        self.once = Once()
        self._order = np.lexsort((points.now, points.known, points.owner))
        owner = points.owner[self._order]
        owners = max(history.owners, int(owner.max(initial=-1)) + 1)
        self.owners = owners
        self._by_now = Axis(owner, points.now[self._order], owners)
        self._by_known = Axis(owner, points.known[self._order], owners)

    def __len__(self) -> int:
        """How many points there are."""
        return len(self._order)

    def told(self, concept: str) -> Spans:
        """The values of a concept by clinical time, without an end; as told to a millionth.

        Of equal time the later arrival comes last. What was gone before any point is left out, and
        what was known before any point is known from then on.
        """
        return self.once(("told", concept), lambda: self._told(concept))

    def _told(self, concept: str) -> Spans:
        if concept not in WINDOWED:
            return self._spans(self.history.values(concept))
        every, mine = self.once("windowed", self._windowed)
        return every.take(mine[concept])

    def _windowed(self) -> tuple[Spans, Mapping[str, slice]]:
        """Those of all concepts that windows rest on, and where each stands."""
        every = self._spans(self.history.windowed)
        return every, self.history.pieces(every.row)

    def at(self, points: Points) -> "Timeline":
        """Other points of the same owners, none of which knows less than any of an owner's here.

        What was told is the same for them, and is not looked for again.
        """
        other = Timeline(self.history, points)
        other.once = self.once
        return other

    @cached_property
    def earliest(self) -> Ints:
        """For each owner the least that is known at any point; NEVER without points."""
        earliest = np.full(self.owners, NEVER)
        np.minimum.at(earliest, self.points.owner, self.points.known)
        return earliest

    def _spans(self, told: Values) -> Spans:
        row = told.row
        if not len(row):
            return Spans(row, row, row, row, row, row, np.empty(0))
        since = self.earliest[told.owner]
        ends, learnt = np.full(len(row), NEVER), np.maximum(row, since)
        every = Spans(row, told.owner, told.effective, ends, learnt, told.gone, told.value)
        seen = told.gone > since
        return every if seen.all() else every.take(seen)

    def run(self, owner: Ints, clinical: Pair, known: Pair) -> Pair:
        """The first point at which something holds, and the one after the last.

        Args:
            owner: Whose it is.
            clinical: The clinical times from which, and from which no more, it holds.
            known: The arrivals from which, and from which no more, it is known.
        """
        (begins, ends), (learnt, gone) = clinical, known
        # Both ends in one go: small batches cost calls.
        size, twice = len(owner), np.concatenate([owner, owner])
        now = self._by_now.first(twice, np.concatenate([begins, ends]))
        told = self._by_known.first(twice, np.concatenate([learnt, gone]))
        return np.maximum(now[:size], told[:size]), np.minimum(now[size:], told[size:])

    def scatter(self, found: Ints) -> Ints:
        """Put what was found at the points by owner and time back into the caller's order."""
        told = np.empty_like(found)
        told[self._order] = found
        return told
