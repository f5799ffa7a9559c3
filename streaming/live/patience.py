"""Patience: a full disk under the lake is waited for; other failures of an append end the process.

Here: which failures pass by themselves, and how long to wait between attempts. Not here: appending
(lakehouse/appends.py), or what waits meanwhile: the writer's queue is bounded, so that the source
stops reading, and the gateway goes on journaling.
"""

import errno
import os
from collections.abc import Callable
from time import monotonic
from typing import Final

from lakehouse.errors import AppendError
from streaming.live.stopping import Stopping
from streaming.logs import log

# What a person mends while the process waits.
PASSING: Final = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS))
FIRST_WAIT_SECONDS: Final = 0.25
LONGEST_WAIT_SECONDS: Final = 5.0
SAY_SECONDS: Final = 30.0


class Patience:
    """What a writer asks after a failed append."""

    def __init__(self, stopping: Stopping, clock: Callable[[], float] = monotonic) -> None:
        """Args: stopping: Ends all waiting."""
        self._stopping = stopping
        self._clock = clock
        self._wait = FIRST_WAIT_SECONDS
        self._said: float | None = None
        self.cause: str | None = None

    def again(self, error: AppendError) -> bool:
        """Wait, where that can help, and say whether to try again."""
        cause = passing_cause(error)
        if cause is None:
            return False
        self.cause = cause
        self._say(cause)
        stopped = self._stopping.wait(self._wait)
        self._wait = min(2 * self._wait, LONGEST_WAIT_SECONDS)
        return not stopped

    def over(self) -> None:
        """Something was committed: there is room again."""
        if self.cause is not None:
            log().info("lake_takes_rows_again", reason=self.cause)
        self.cause, self._said, self._wait = None, None, FIRST_WAIT_SECONDS

    def _say(self, cause: str) -> None:
        now = self._clock()
        if self._said is None or now - self._said >= SAY_SECONDS:
            self._said = now
            log().error("lake_takes_no_rows", reason=cause)


def passing_cause(error: BaseException) -> str | None:
    """What the disk lacks, where that is why; the append's own text holds no more than that."""
    if not isinstance(error, AppendError):
        return None
    return next((cause for cause in PASSING if cause in str(error)), None)
