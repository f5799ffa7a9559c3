"""Progress: what was released into the dataflow, and when it had arrived, until it is committed.

Here: one small number per message in flight, for lag, health and the naming of a failure. Not here:
metrics (telling.py), or the cut (lakehouse/cuts.py).
"""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from streaming.batches import Messages
from streaming.live.tail import Place

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Consecutive offsets from `first`, and when each message arrived, in microseconds."""

    first: int
    arrived: Ints

    @property
    def last(self) -> int:
        return self.first + len(self.arrived) - 1


class Progress:
    """Safe to use from the threads of the dataflow, of the writer, and of those that watch."""

    def __init__(self) -> None:
        """Nothing is released yet."""
        self._lock = threading.Lock()
        self._in_flight: dict[Place, deque[_Batch]] = defaultdict(deque)
        self._released: dict[Place, int] = {}

    def released(self, messages: Messages) -> None:
        """Note a batch that enters the dataflow."""
        arrived = messages.received_at if messages.arrived_at is None else messages.arrived_at
        times = arrived.cast(pa.int64()).to_numpy()
        place = (messages.feed, messages.partition)
        with self._lock:
            self._in_flight[place].append(_Batch(messages.first_offset, times))
            self._released[place] = messages.last_offset

    def committed(self, place: Place, upto: int) -> Ints:
        """Forget what is committed; gives when each of these messages had arrived."""
        done: list[Ints] = []
        with self._lock:
            batches = self._in_flight[place]
            while batches and batches[0].last <= upto:
                done.append(batches.popleft().arrived)
        return np.concatenate(done) if done else np.empty(0, np.int64)

    def arrived(self, place: Place, offsets: Ints) -> Ints:
        """When messages arrived, of those offsets that are in flight."""
        with self._lock:
            batches = tuple(self._in_flight[place])
        found = [
            batch.arrived[offsets[(offsets >= batch.first) & (offsets <= batch.last)] - batch.first]
            for batch in batches
        ]
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def oldest(self) -> dict[Place, int]:
        """Per place, when the oldest message in flight arrived."""
        with self._lock:
            return {
                place: int(batches[0].arrived.min())
                for place, batches in self._in_flight.items()
                if batches
            }

    def released_upto(self, place: Place) -> int | None:
        """The last offset that was released; None before the first."""
        with self._lock:
            return self._released.get(place)

    def in_flight(self) -> str:
        """What is in flight, as a line names it: feed/partition and offsets."""
        with self._lock:
            spans = [
                f"{feed}/{partition} offsets {batches[0].first} to {batches[-1].last}"
                for (feed, partition), batches in sorted(self._in_flight.items())
                if batches
            ]
        return ", ".join(spans) or "nothing"
