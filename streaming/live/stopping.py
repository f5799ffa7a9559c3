"""The wish to stop: a signal drains, a second one ends at once, and so does the end of patience.

Here: SIGTERM and SIGINT as a flag that the source asks for. Not here: draining itself, which is the
ordinary end of the dataflow's input.

Ending at once is safe at any moment: what is not committed is read from the inbox again.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from streaming.logs import log

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
# Whoever stops services kills them after 10 s.
DRAIN_SECONDS: Final = 9.0
AT_ONCE: Final = 130


class Stopping:
    """Whether this process should end; set by signals while `listening`."""

    def __init__(self) -> None:
        """Nobody wishes it yet."""
        self._wished = threading.Event()

    def __call__(self) -> bool:
        """Whether to end now."""
        return self._wished.is_set()

    def wish(self) -> None:
        """End soon: drain."""
        self._wished.set()

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than until the wish; gives whether it is there."""
        return self._wished.wait(seconds)

    @contextmanager
    def listening(self) -> Iterator["Stopping"]:
        """Hear signals; in the main thread."""
        before = {number: signal.signal(number, self._heard) for number in SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        if self._wished.is_set():
            os._exit(AT_ONCE)
        self.wish()
        timer = threading.Timer(DRAIN_SECONDS, _leave)
        timer.daemon = True
        timer.start()


def _leave() -> None:
    """Leave with work undone: a table was slow, or the lake takes nothing."""
    log().warning("stopped_before_drained", seconds=DRAIN_SECONDS)
    os._exit(0)
