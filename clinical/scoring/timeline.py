"""Rows and moments side by side: at which of its owner's points something is known and holds.

Here: the points (owner, last arrival that is known, now) at which somebody looks, and runs of them.
Not here: the rows (history.py), or what is looked for (windows.py).

Along an owner's points both `known` (a place in the stack) and `now` only rise, so whatever holds
from one arrival and one clinical time until another holds at a contiguous run of points. Everything
about windows rests on that.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.axis import Axis
from clinical.scoring.history import History
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

    def __init__(self, history: History, points: Points, order: Ints | None = None) -> None:
        """Take points in any order; answers are given in the same.

        `order` is the place of each point by owner, knowledge and time, if that is known already.
        """
        self.history, self.points = history, points
        self._told: dict[str, Spans] = {}
        if order is None:
            order = np.lexsort((points.now, points.known, points.owner))
        self._order = order
        owner = points.owner[self._order]
        owners = int(max(history.owner.max(initial=-1), owner.max(initial=-1))) + 1
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
        if concept not in self._told:
            self._told[concept] = self._spans(self.history.rows(concept))
        return self._told[concept]

    def repeated(self, times: int) -> "Timeline":
        """The same points several times, of owners that are numbered on."""
        again = np.repeat(np.arange(times), len(self))
        points = Points(
            np.tile(self.points.owner, times) + again * self.owners,
            np.tile(self.points.known, times),
            np.tile(self.points.now, times),
        )
        return Timeline(self.history, points, np.tile(self._order, times) + again * len(self))

    @cached_property
    def earliest(self) -> Ints:
        """For each owner the least that is known at any point; NEVER without points."""
        earliest = np.full(self.owners, NEVER)
        np.minimum.at(earliest, self.points.owner, self.points.known)
        return earliest

    def _spans(self, rows: Ints) -> Spans:
        history = self.history
        if not len(rows):
            return Spans(rows, rows, rows, rows, rows, rows, np.empty(0))
        gone = history.gone(rows)
        since = self.earliest[history.owner[rows]]
        seen = gone > since
        if not seen.all():
            rows, gone, since = rows[seen], gone[seen], since[seen]
        effective = history.effective[rows]
        if (effective[1:] < effective[:-1]).any():
            order = np.argsort(effective, kind="stable")
            rows, effective = rows[order], effective[order]
            gone, since = gone[order], since[order]
        return Spans(
            rows,
            history.owner[rows],
            effective,
            np.full(len(rows), NEVER),
            np.maximum(rows, since),
            gone,
            history.value[rows],
        )

    def run(self, owner: Ints, clinical: Pair, known: Pair) -> Pair:
        """The first point at which something holds, and the one after the last.

        Args:
            owner: Whose it is.
            clinical: The clinical times from which, and from which no more, it holds.
            known: The arrivals from which, and from which no more, it is known.
        """
        (begins, ends), (learnt, gone) = clinical, known
        first = np.maximum(self._by_now.first(owner, begins), self._by_known.first(owner, learnt))
        after = np.minimum(self._by_now.first(owner, ends), self._by_known.first(owner, gone))
        return first, after

    def scatter(self, found: Ints) -> Ints:
        """Put what was found at the points by owner and time back into the caller's order."""
        told = np.empty_like(found)
        told[self._order] = found
        return told
