"""Room for large messages: how many may be held in memory at one time, over all connections.

Here: giving it in the order in which it was asked for. Not here: who asks (mllp.py). Small
messages need none: a large one waits, read no further, until those before it are stored.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

# Enough for two messages of the default limit; what all connections together may hold beyond it is
# SMALL_BYTES each.
ROOM_BYTES: Final = 32 * 1024**2
SMALL_BYTES: Final = 256 * 1024

# Called with what is granted, which is to be given back.
Granted = Callable[[int], None]


class Room:
    """So many bytes, given and taken back."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._size = self._free = size
        self._waiting: deque[tuple[int, Granted]] = deque()

    def ask(self, size: int, granted: Granted) -> None:
        """Ask for room; `granted` is called at once or later.

        No more is granted than there is at all, so that any message gets its turn.
        """
        self._waiting.append((min(size, self._size), granted))
        self._grant()

    def give_back(self, share: int) -> None:
        """Return what was granted."""
        self._free += share
        self._grant()

    def withdraw(self, granted: Granted) -> None:
        """Ask no more."""
        self._waiting = deque(one for one in self._waiting if one[1] != granted)
        self._grant()

    def _grant(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            share, granted = self._waiting.popleft()
            self._free -= share
            granted(share)
