"""The breaker of a receiver: one that fails again and again is left alone for a while.

Here: how a receiver stands after a try, how long it rests, and when it counts as down; pure. Not
here: where its standing is kept (claiming.py), or what else is done then (tending.py).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# So many failures in a row, and it rests: 5 s first, then twice as long each time, 60 s at most, so
# that a receiver that is back is found within a minute.
FAILURES: Final = 5
FIRST_REST: Final = timedelta(seconds=5)
LONGEST_REST: Final = timedelta(seconds=60)
# Failing for so long it counts as down, also where little was sent: told well within a minute.
DOWN_AFTER: Final = timedelta(seconds=30)
DOWN_FAILURES: Final = 2
# A single notification is tried again after 1 s, 2 s, 4 s ... 60 s, each up to half shorter: those
# that failed together do not all come back together.
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0
_DOUBLINGS: Final = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """How a receiver does: failures in a row, since when, and until when it is left alone."""

    failures: int = 0
    failing_since: datetime | None = None
    resting_until: datetime | None = None
    succeeded_at: datetime | None = None
    why: str | None = None

    def may_try(self, now: datetime) -> bool:
        """Whether it may be asked now."""
        return self.resting_until is None or self.resting_until <= now

    def is_tried_out(self) -> bool:
        """Whether it rested, so that one notification alone finds out whether it is back."""
        return self.resting_until is not None

    def is_down(self, now: datetime) -> bool:
        """Whether people have to be told that it is down."""
        if self.failing_since is None or self.failures < DOWN_FAILURES:
            return False
        return self.failures >= FAILURES or now - self.failing_since >= DOWN_AFTER

    def succeeded(self, now: datetime) -> "Standing":
        """After a try that was taken."""
        return Standing(succeeded_at=now)

    def failed(self, why: str, now: datetime) -> "Standing":
        """After a try that was not."""
        failures = self.failures + 1
        rest = _rest(failures)
        until = None if rest is None else now + rest
        return Standing(failures, self.failing_since or now, until, self.succeeded_at, why)


def wait(tries: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long a notification waits after so many tries."""
    longest: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, _DOUBLINGS))
    return timedelta(seconds=longest * (1 - chance() / 2))


def _rest(failures: int) -> timedelta | None:
    if failures < FAILURES:
        return None
    doubled: int = 1 << min(failures - FAILURES, _DOUBLINGS)
    return min(LONGEST_REST, FIRST_REST * doubled)
