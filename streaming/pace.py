"""Pace: how fast a replay goes.

Here: at full speed, or at a multiple of the feed's own clock. Not here: the clock itself.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streaming.batches import Messages

# The engine hears no signal while it sleeps.
LONGEST_SLEEP = timedelta(seconds=0.25)
A_DAY = 24 * 3_600_000_000


class Pace:
    """Releases messages when they are due; `speed` None is as fast as they are read."""

    def __init__(self, speed: float | None = None) -> None:
        """Args: speed: Feed seconds per second; 1 is the pace of the ward."""
        self._speed = speed
        self._began: tuple[datetime, int] | None = None

    def split(self, batch: Messages) -> tuple[Messages | None, Messages | None]:
        """The part of a batch that is due now, and the rest."""
        if self._speed is None:
            return batch, None
        times = batch.received_at.cast(pa.int64()).to_numpy()
        # A clock that runs ahead of the messages after it is wrong: it must not hold them back.
        due_at = np.minimum.accumulate(times[::-1])[::-1]
        due = int(np.searchsorted(due_at, self._now(times), side="right"))
        return _sliced(batch, 0, due), _sliced(batch, due, len(times))

    def next_due(self, waiting: Messages) -> datetime:
        """When to look again: when the first waiting message is due, or soon, to hear Ctrl-C."""
        began, first = self._start(waiting.received_at.cast(pa.int64()).to_numpy())
        ahead = pc.min(waiting.received_at).cast(pa.int64()).as_py() - first
        due = began + timedelta(microseconds=ahead / (self._speed or 1))
        return min(due, datetime.now(UTC) + LONGEST_SLEEP)

    def _start(self, times: np.ndarray) -> tuple[datetime, int]:
        if self._began is None:
            self._began = (datetime.now(UTC), _first_sound(times))
        return self._began

    def _now(self, times: np.ndarray) -> float:
        began, first = self._start(times)
        elapsed = (datetime.now(UTC) - began).total_seconds()
        return first + elapsed * (self._speed or 1) * 1_000_000


def _first_sound(times: np.ndarray) -> int:
    """The first clock that the next one confirms: a feed may open with a message that has none."""
    near = np.abs(np.diff(times)) < A_DAY
    return int(times[int(np.argmax(near))]) if near.any() else int(times[-1])


def _sliced(batch: Messages, start: int, end: int) -> Messages | None:
    return batch.slice(start, end) if start < end else None
