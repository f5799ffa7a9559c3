"""Times in the order of their owners, and where another time would stand among them.

Here: one binary search for many (owner, time) pairs at once. Not here: what the times mean.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_ROOM = np.iinfo(np.int64).max // 2


class Axis:
    """Times sorted by owner, and rising (or standing) within each owner."""

    def __init__(self, owner: Ints, time: Ints, owners: int) -> None:
        """Take times in order; owners are numbered from 0 to below `owners`."""
        self._owner, self._owners = owner, owners
        self._times: Ints | None = None
        first = np.zeros(owners, np.int64)
        # Of several times of an owner the last that is written stays.
        first[owner[::-1]] = time[::-1]
        reach = int((time - first[owner]).max(initial=0)) + 2
        if reach > _ROOM // max(owners, 1):
            # Owners' times lie too far apart to number them all in one line: their ranks do not.
            self._times, first = np.unique(time), np.zeros(owners, np.int64)
            time, reach = np.searchsorted(self._times, time), len(self._times) + 1
        self._first, self._reach = first, reach
        self._keys = owner * reach + (time - first[owner])

    @cached_property
    def starts(self) -> Ints:
        """Place of each owner's first time, and the end."""
        starts: Ints = self._owner.searchsorted(np.arange(self._owners + 1))
        return starts

    def first(self, owner: Ints, time: Ints) -> Ints:
        """Place of each owner's first time that is not before the given one, or of their end."""
        if self._times is not None:
            time = np.searchsorted(self._times, time)
        ahead = np.minimum(np.maximum(time - self._first[owner], 0), self._reach - 1)
        place: Ints = self._keys.searchsorted(owner * self._reach + ahead)
        return place
