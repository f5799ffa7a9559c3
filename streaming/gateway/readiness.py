"""Whether the gateway could promise an AA now.

Here: asking the inbox, at most once a second, and remembering what it said. Not here: serving it
(streaming/admin.py).
"""

import threading
import time
from typing import Final

from lakehouse.errors import LakehouseError
from streaming.admin import Health
from streaming.inbox.arrival import Inbox
from streaming.metrics import INBOX_TAKES

CACHED_SECONDS: Final = 1.0


class Readiness:
    """Safe to ask from any thread."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self._lock = threading.Lock()
        self._asked_at = -CACHED_SECONDS
        self._said = Health(ready=False)
        self._closed = "the gateway is starting"

    def open(self) -> None:
        """The ports are served."""
        self._closed = ""

    def close(self) -> None:
        """The gateway takes nothing more."""
        self._closed = "the gateway is stopping"

    def health(self) -> Health:
        """Ready where the ports are served and the inbox has room."""
        if self._closed:
            return Health(ready=False, reason=self._closed)
        return self.room()

    def room(self) -> Health:
        """Ready where the inbox has room."""
        with self._lock:
            if time.monotonic() - self._asked_at >= CACHED_SECONDS:
                self._said = self._ask()
                self._asked_at = time.monotonic()
            return self._said

    def _ask(self) -> Health:
        try:
            self.inbox.check_room()
        except LakehouseError as error:
            INBOX_TAKES.set(0)
            return Health(ready=False, reason=str(error))
        INBOX_TAKES.set(1)
        return Health(ready=True)
