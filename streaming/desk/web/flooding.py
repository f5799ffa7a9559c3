"""How many refusals of people who are not logged in are written down.

Here: so many a minute from one address, and no memory that grows. Not here: the audit.
"""

import threading
from datetime import datetime
from typing import Final

A_MINUTE: Final = 120
_ADDRESSES: Final = 10_000


class Flood:
    """Counts refusals by address, minute by minute."""

    def __init__(self) -> None:
        """Of nobody yet."""
        self._lock = threading.Lock()
        self._minute: datetime | None = None
        self._counts: dict[str, int] = {}
        self.unwritten = 0

    def is_written(self, address: str, now: datetime) -> bool:
        """Whether one more refusal of an address goes into the audit; counted where it does not."""
        minute = now.replace(second=0, microsecond=0)
        with self._lock:
            if minute != self._minute or len(self._counts) > _ADDRESSES:
                self._minute, self._counts = minute, {}
            count = self._counts[address] = self._counts.get(address, 0) + 1
            self.unwritten += count > A_MINUTE
        return count <= A_MINUTE
