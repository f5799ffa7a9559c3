"""Reaching the inbox: one that is away is waited for, and the stream says that it is not ready.

Here: opening a tail as soon as that is possible, and what is known of an inbox that does not
answer. Not here: the inbox itself, or a lake that takes no rows (patience.py).
"""

from collections.abc import Callable
from typing import Final

from streaming.inbox.arrival import InboxDownError
from streaming.live.stopping import Stopping
from streaming.live.tail import Tail
from streaming.logs import log

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 5.0


class Reaching:
    """Whether the inbox answers."""

    def __init__(self) -> None:
        """It was not asked yet."""
        self.cause: str | None = None

    def away(self, error: InboxDownError) -> None:
        """It did not answer."""
        if self.cause is None:
            log().error("inbox_away", reason=str(error))
        self.cause = str(error)

    def there(self) -> None:
        """It answered."""
        if self.cause is not None:
            log().info("inbox_back")
        self.cause = None

    def opened(self, open_tail: Callable[[], Tail], stopping: Stopping) -> Tail | None:
        """The tail, once it can be opened; None where the wish to stop came first."""
        wait = FIRST_WAIT_SECONDS
        while not stopping():
            try:
                tail = open_tail()
            except InboxDownError as error:
                self.away(error)
                stopping.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)
            else:
                self.there()
                return tail
        return None
