"""How long one must wait before the next try to log in.

Here: the law, over the times of past failures. Not here: where they are kept (attempts.py).

A name is not locked for good by somebody else's typing: waits grow, and end. NIST SP 800-63B-4,
3.2.2, wants at most 100 failures in a row: these waits make it take more than a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Brake:
    """So many failures are free; each one more doubles the wait, up to `longest`."""

    free: int
    first: timedelta
    longest: timedelta
    remembered: timedelta


# By name and address together; by the name alone, so that nobody far away keeps a nurse out by
# typing her name wrongly; and by the address alone, which a whole ward may share.
HERE: Final = Brake(5, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=24))
NAME: Final = Brake(50, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=24))
ADDRESS: Final = Brake(30, timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=1))


def wait_until(failures: Sequence[datetime], brake: Brake, now: datetime) -> datetime | None:
    """Until when no try is looked at; None where one may try now.

    Args:
        failures: When tries failed since the last that was right, in any order.
        brake: The law.
        now: The moment of this try.
    """
    counted = [at for at in failures if now - at < brake.remembered]
    surplus = len(counted) - brake.free
    if surplus < 0:
        return None
    # Beyond some ten doublings every wait is the longest; the shift is kept small.
    wait = min(brake.first * 2 ** min(surplus, 16), brake.longest)
    until = max(counted) + wait
    return until if now < until else None
