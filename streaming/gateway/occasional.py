"""Log lines that a peer can cause, at most one a second of each kind.

Here: holding back what would flood the log. Not here: counting, which the metrics do in full.
"""

import time
from typing import Final

from streaming.logs import log

SECONDS: Final = 1.0


class Occasional:
    """Warnings of one feed."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._last: dict[str, float] = {}

    def warn(self, event: str, reason: str, **keys: str) -> None:
        """Log an event, unless one like it was logged just now.

        Args:
            event: What happened.
            reason: Why, in a word of ours: never a peer's.
            keys: What else may be logged (streaming/logs.py).
        """
        now = time.monotonic()
        if now - self._last.get(event, -SECONDS) >= SECONDS:
            self._last[event] = now
            log().warning(event, feed=self._feed, reason=reason, **keys)
