"""The watch: what is looked at beside the flow, once a second, by a thread of its own.

Here: messages that wait, the age of the oldest; and when profiles are looked at and silent feeds
listened for. Not here: how that is decided (listening.py, decoding.py, progress.py, reloading.py),
or health (health.py).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from streaming import metrics
from streaming.drift import Drift
from streaming.live.decoding import Decoding
from streaming.live.listening import Listener
from streaming.live.progress import Progress
from streaming.live.tail import Place, Tail
from streaming.logs import log

EVERY_SECONDS: Final = 1.0
# Looking for silent feeds costs more, and is worth less.
SLOWLY: Final = 5


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch looks at.

    Args:
        tail: The inbox.
        places: The places that this process reads, as far as it knows.
        reached: The last offset that is committed of a place; -1 before the first.
        progress: What is in flight.
        listener: Listens for silent feeds; None where another process does.
        decoding: Raises an alarm where the decoder fails.
        reload: Sees whether profiles changed, and tells of it.
        drift: Has what feeds did not send before.
    """

    tail: Tail
    places: Callable[[], Sequence[Place]]
    reached: Callable[[Place], int]
    progress: Progress
    listener: Listener | None
    decoding: Decoding
    reload: Callable[[], None]
    drift: Drift


class Watch:
    """A thread that looks until it is closed."""

    def __init__(self, watched: Watched) -> None:
        """Begin to look."""
        self._watched = watched
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        rounds = 0
        while not self._closing.wait(EVERY_SECONDS):
            self._attempt(self._count)
            self._attempt(self._watched.reload)
            self._attempt(self._watched.drift.flush)
            rounds += 1
            if rounds % SLOWLY == 0:
                self._attempt(self._listen)

    @staticmethod
    def _attempt(look: Callable[[], None]) -> None:
        try:
            look()
        except Exception as error:
            # An inbox or a disk that is away now may be back at the next look. Nothing flows here.
            log().warning("watch_failed", error=type(error).__name__)

    def _count(self) -> None:
        now = datetime.now(UTC).timestamp()
        oldest = self._watched.progress.oldest()
        pending: dict[str, int] = {}
        ages: dict[str, float] = {}
        for place in self._watched.places():
            feed, _ = place
            following = self._watched.tail.next_offset(place)
            waiting = 0 if following is None else following - 1 - self._watched.reached(place)
            pending[feed] = pending.get(feed, 0) + max(0, waiting)
            age = now - oldest[place] / 1e6 if place in oldest else 0.0
            ages[feed] = max(ages.get(feed, 0.0), age)
        for feed, count in pending.items():
            metrics.PENDING.labels(feed).set(count)
            metrics.OLDEST_SECONDS.labels(feed).set(max(0.0, ages[feed]))

    def _listen(self) -> None:
        self._watched.decoding.look(datetime.now(UTC))
        if self._watched.listener is not None:
            self._watched.listener.look(datetime.now(UTC))
