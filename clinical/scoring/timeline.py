"""Rows and moments side by side: at which of its owner's points something is known and holds.

Here: the points (owner, last arrival that is known, now) at which somebody looks, and runs of them.
Not here: the rows (history.py), or what is looked for (windows.py).

Along an owner's points both `known` (a place in the stack) and `now` only rise, so whatever holds
from one arrival and one clinical time until another holds at a contiguous run of points. Everything
about windows rests on that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.axis import Axis
from clinical.scoring.history import History

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
        """Take points in any order; answers are given in the same."""
        self.history, self.points = history, points
        # The place among the caller's points of each point by owner and time.
        self._order: Ints = np.lexsort((points.now, points.known, points.owner))
        owner = points.owner[self._order]
        owners = int(max(history.owner.max(initial=-1), owner.max(initial=-1))) + 1
        self.owners = owners
        self._by_now = Axis(owner, points.now[self._order], owners)
        self._by_known = Axis(owner, points.known[self._order], owners)

    def __len__(self) -> int:
        """How many points there are."""
        return len(self._order)

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
