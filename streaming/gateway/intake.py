"""Intake: many senders wait for one fsync.

Here: gathering what waits into groups, what the decoder makes of each message, one put per group,
and telling everybody. Not here: how messages come in or are answered (mllp, fhir), or what the
inbox does (streaming/inbox).

The verdict is read with the decoder of the dataflow itself, so an answer says what will become of
the message. What the decoder cannot bear is refused here, so that it never meets it again.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from clinical.wire.profile import FeedProfile
from lakehouse.errors import LakehouseError
from streaming import poison
from streaming.inbox.arrival import Arrival, Inbox, InboxDownError, InboxFullError
from streaming.metrics import FSYNC_SECONDS, INBOX_TAKES

GROUP_MESSAGES: Final = 1_000
GROUP_BYTES: Final = 16 * 1024**2
# What may wait in memory; beyond it a message is refused at once.
WAITING_BYTES: Final = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message.

    `stored`: it is durable; where it is not, it may be sent again. `reason`: why it is quarantined;
    None where it was understood.
    """

    stored: bool
    reason: str | None = None


Told = Callable[[Receipt], None]
NOT_STORED: Final = Receipt(stored=False)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message that waits; None in its place where there was no room for it to wait."""

    arrival: Arrival | None
    told: Told


class Intake:
    """Group commit between the loop of the roads and an inbox that blocks."""

    def __init__(
        self, inbox: Inbox, profiles: Mapping[str, FeedProfile], loop: asyncio.AbstractEventLoop
    ) -> None:
        """Start the writer thread.

        Args:
            inbox: Where messages are stored.
            profiles: The profile of each feed that may be submitted.
            loop: The loop on whose thread everybody is told.
        """
        self._inbox = inbox
        self._profiles = profiles
        self._loop = loop
        # Set with the error for which the process must end.
        self.failed: asyncio.Future[None] = loop.create_future()
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write, name="intake", daemon=True)
        self._thread.start()

    def submit(self, arrival: Arrival, told: Told) -> None:
        """Have a message stored; call on the loop's thread, which is also where `told` is called.

        Everybody is told in the order of submitting.
        """
        with self._changed:
            if not self._closing:
                size = len(arrival.raw)
                may_wait = self._bytes + size <= WAITING_BYTES
                self._bytes += size if may_wait else 0
                self._waiting.append(_Waiting(arrival if may_wait else None, told))
                self._changed.notify()
                return
        self._loop.call_soon(told, NOT_STORED)

    def close(self) -> None:
        """Store what waits, then end the thread; whoever waited is told when the loop goes on."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _write(self) -> None:
        while group := self._group():
            arrivals = [waiting.arrival for waiting in group if waiting.arrival is not None]
            receipts = iter(self._receipts(arrivals))
            answers = [
                (one.told, NOT_STORED if one.arrival is None else next(receipts)) for one in group
            ]
            self._on_loop(self._tell, answers)

    def _group(self) -> list[_Waiting]:
        """What waits, as much as one commit takes; nothing once all is stored and we close."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            group: list[_Waiting] = []
            size = 0
            while self._waiting and len(group) < GROUP_MESSAGES and size < GROUP_BYTES:
                one = self._waiting.popleft()
                group.append(one)
                size += len(one.arrival.raw) if one.arrival is not None else 0
            self._bytes -= size
            return group

    def _receipts(self, arrivals: list[Arrival]) -> list[Receipt]:
        try:
            return self._stored(arrivals) if arrivals else []
        except Exception as error:
            # A defect of ours: nobody may wait for ever, and nothing is promised.
            self.fail(error)
            return [NOT_STORED] * len(arrivals)

    def _stored(self, arrivals: list[Arrival]) -> list[Receipt]:
        judged = judged_group(arrivals, self._profiles)
        are_stored = self._put([arrival for arrival, _ in judged])
        INBOX_TAKES.set(float(any(are_stored)))
        return [
            Receipt(stored=True, reason=reason) if is_stored else NOT_STORED
            for is_stored, (_, reason) in zip(are_stored, judged, strict=True)
        ]

    def _put(self, arrivals: Sequence[Arrival]) -> list[bool]:
        try:
            with FSYNC_SECONDS.time():
                self._inbox.put(arrivals)
        except InboxFullError:
            return self._put_each(arrivals) if len(arrivals) > 1 else [False]
        except InboxDownError:
            return [False] * len(arrivals)
        except LakehouseError as error:
            self.fail(error)
            return [False] * len(arrivals)
        return [True] * len(arrivals)

    def _put_each(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """The small ones may still fit; what is no smaller than one that did not is not tried."""
        too_large = float("inf")
        are_stored = []
        for arrival in arrivals:
            is_stored = len(arrival.raw) < too_large and self._put([arrival])[0]
            if not is_stored:
                too_large = min(too_large, len(arrival.raw))
            are_stored.append(is_stored)
        return are_stored

    def fail(self, error: Exception) -> None:
        """Have the process end, for nothing can be stored any more; from any thread."""
        self._on_loop(self._fail, error)

    def _on_loop(self, call: Callable[..., None], *what: object) -> None:
        # A loop that is closed has nobody to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *what)

    def _fail(self, error: Exception) -> None:
        if not self.failed.done():
            self.failed.set_exception(error)

    def _tell(self, answers: Sequence[tuple[Told, Receipt]]) -> None:
        for told, receipt in answers:
            try:
                told(receipt)
            except Exception as error:
                # One who cannot be told must not keep it from the others.
                context = {"message": "an answer could not be given", "exception": error}
                self._loop.call_exception_handler(context)


def judged_group(
    arrivals: Sequence[Arrival], profiles: Mapping[str, FeedProfile]
) -> list[tuple[Arrival, str | None]]:
    """Each message with why it will be quarantined; one that the decoder cannot bear is refused."""
    reasons: list[str | None] = [arrival.refused for arrival in arrivals]
    judged = list(arrivals)
    for feed in {arrival.feed for arrival in arrivals}:
        places = [n for n, one in enumerate(arrivals) if one.feed == feed and one.refused is None]
        found = verdicts([arrivals[n].raw for n in places], profiles[feed])
        for n, reason in zip(places, found, strict=True):
            reasons[n] = reason
            if reason == poison.REASON:
                judged[n] = replace(arrivals[n], refused=poison.REASON)
    return list(zip(judged, reasons, strict=True))


def verdicts(raw: Sequence[bytes], profile: FeedProfile) -> list[str | None]:
    """Per message, the reason for which the decoder quarantines it."""
    return poison.refusals(raw, profile)
