"""The workers: they send what the outbox holds, each receiver on a lane of its own.

Here: who sends what when, within one process; several processes may share an outbox. Not here:
leases (claiming.py), one try (sending.py), or fallbacks and alarms (tending.py).

A receiver that hangs holds up its own lane alone. The slower a receiver answers, the fewer
notifications a worker takes at once: a grave one that comes later waits for one send at most.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine

from streaming.desk import claiming
from streaming.desk.claiming import Claimed, Sent
from streaming.desk.clock import Clock
from streaming.desk.sending import Roads
from streaming.desk.store.away import AWAY
from streaming.desk.waking import Bell
from streaming.logs import log

# At most so many workers of one process on one receiver, one for so many notifications that wait.
WORKERS: Final = 4
PER_WORKER: Final = 8
# What a worker takes at once is sent within about so long.
CLAIM_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Works:
    """What workers work with."""

    engine: Engine
    roads: Roads
    clock: Clock
    bell: Bell


class Workers:
    """Sends whatever is due whenever it is told to look."""

    def __init__(self, works: Works, workers: int = WORKERS) -> None:
        """Start nothing yet; `workers` is how many may send to one receiver at once."""
        self._works = works
        self._most = workers
        self._lanes: dict[str, Lane] = {}

    def look(self) -> None:
        """Wake the lanes of the receivers that have something to send."""
        for receiver, count in claiming.due(self._works.engine, self._works.clock.now()).items():
            lane = self._lanes.get(receiver)
            if lane is None:
                lane = self._lanes[receiver] = Lane(receiver, self._works, self._most)
            if lane.broken is not None:
                raise lane.broken
            lane.wake(count)

    @property
    def is_busy(self) -> bool:
        """Whether any worker is at work."""
        return any(lane.is_busy for lane in self._lanes.values())

    def stop(self) -> None:
        """Take nothing more; what is being sent is finished."""
        for lane in self._lanes.values():
            lane.stop()

    def close(self) -> None:
        """Wait for what is being sent."""
        for lane in self._lanes.values():
            lane.close()


class Lane:
    """The workers of one receiver in this process."""

    def __init__(self, receiver: str, works: Works, most: int) -> None:
        self._receiver = receiver
        self._works = works
        self._most = most
        self._name = uuid4().hex
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=f"send-{receiver}")
        self._lock = threading.Lock()
        self._working = 0
        self._seconds = CLAIM_SECONDS
        self._stopped = False
        self.broken: Exception | None = None

    def wake(self, count: int) -> None:
        """There is so much to send: enough workers for it are at work afterwards."""
        with self._lock:
            wanted = min(self._most, 1 + count // PER_WORKER)
            while self._working < wanted and not self._stopped:
                self._working += 1
                self._pool.submit(self._work)

    @property
    def is_busy(self) -> bool:
        """Whether any worker is at work."""
        return self._working > 0

    def stop(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._stopped = True

    def close(self) -> None:
        """Wait for what is being sent."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(self) -> None:
        try:
            while not self._stopped and self._some():
                pass
        except AWAY as error:
            # The store is away: leases run out, and what was sent meanwhile may be sent again.
            log().warning("store_away", receiver=self._receiver, error=type(error).__name__)
        except Exception as error:
            # A defect of ours: it ends the process, by whoever wakes this lane next.
            self.broken = error
        finally:
            with self._lock:
                self._working -= 1

    def _some(self) -> bool:
        """Send some; whether there may be more."""
        works = self._works
        most = max(1, min(claiming.MOST_AT_ONCE, int(CLAIM_SECONDS / max(self._seconds, 1e-4))))
        claimed = claiming.claim(works.engine, self._receiver, self._name, most, works.clock.now())
        if not claimed:
            return False
        sent: list[Sent] = []
        try:
            for one in claimed:
                if self._stopped or not self._goes_on(sent):
                    break
                if claiming.still_wanted(works.engine, one, works.clock.now()):
                    sent.append(self._send(one))
        finally:
            claiming.record(works.engine, self._receiver, sent)
            claiming.release(works.engine, _untried(claimed, sent))
        return True

    def _send(self, one: Claimed) -> Sent:
        before = self._works.clock.now()
        sent = self._works.roads.send(one, self._works.clock.now)
        # Slowly forgotten: one fast answer among slow ones is no reason to take many.
        self._seconds = max(self._seconds * 0.7, (sent.at - before).total_seconds())
        return sent

    @staticmethod
    def _goes_on(sent: Sequence[Sent]) -> bool:
        """Whether to go on with what was claimed: not where the receiver has just failed."""
        return not sent or sent[-1].why is None or not sent[-1].again


def _untried(claimed: Sequence[Claimed], sent: Sequence[Sent]) -> list[Claimed]:
    tried = {one.claimed.number for one in sent}
    return [one for one in claimed if one.number not in tried]
