"""One MLLP connection: frames in, answers out, in the order of the frames.

Here: reading no faster than messages are stored, held and answered, and noticing who has gone
silent. Not here: who may connect (listeners.py), framing.py, or what is answered
(acknowledgement.py).

Nothing of a message but its reason code ever reaches a log.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, cast

from clinical.wire.profile import FeedProfile
from lakehouse.failpoints import reach
from streaming.gateway.acknowledgement import Answer, answers
from streaming.gateway.framing import Frame, Framer, Torn, framed
from streaming.gateway.header import Header, header
from streaming.gateway.intake import Intake, Receipt
from streaming.gateway.occasional import Occasional
from streaming.gateway.refusals import refusal
from streaming.gateway.room import SMALL_BYTES, Room
from streaming.inbox.arrival import Arrival
from streaming.metrics import ACK_SECONDS, ACKNOWLEDGED, RECEIVED, TORN_FRAMES

# Messages and bytes that a connection may have unanswered; then it is read no further.
MOST_UNANSWERED: Final = 256
MOST_UNANSWERED_BYTES: Final = 1024**2
# A peer that does not read its answers is read no further beyond this.
UNREAD_BYTES: Final = 64 * 1024
# So long may a peer pause within a frame, or leave its answers unread.
STALL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Road:
    """What the connections of one feed share."""

    feed: str
    profiles: Mapping[str, FeedProfile]
    intake: Intake
    room: Room
    ids: Iterator[bytes]
    occasional: Occasional

    @property
    def profile(self) -> FeedProfile:
        """The feed's profile that is in force now."""
        return self.profiles[self.feed]


@dataclass(slots=True)
class _Pending:
    """A message that waits for its answer, or an answer that waits for those before it."""

    known: Header | None
    size: int
    share: int  # of the room for large messages
    since: float
    answers: tuple[Answer, ...] | None = None


class Connection(asyncio.Protocol):
    """A sender's connection."""

    def __init__(
        self, road: Road, loop: asyncio.AbstractEventLoop, gone: Callable[["Connection"], None]
    ) -> None:
        """Before it is made.

        Args:
            road: What it shares with its feed's others.
            loop: The loop it runs on.
            gone: Told when it is lost.
        """
        self.has_spoken = False
        self.seated_at = self._moved_at = self._heard_at = self._stuck_at = loop.time()
        self._road, self._loop, self._gone = road, loop, gone
        self._framer = Framer(road.profile.limits.message_bytes)
        self._transport: asyncio.Transport | None = None
        self._pending: deque[_Pending] = deque()
        self._pending_bytes = 0
        self._share = 0  # of the room, for the frame that is being read
        self._waits_for_room = self._is_unread = self._is_ending = self._is_told_to_leave = False
        self._reads = True
        feed = road.feed
        self._received = RECEIVED.labels(feed, "mllp")
        self._seconds = ACK_SECONDS.labels(feed)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=UNREAD_BYTES)
        self._moved_at = self._loop.time()
        self._settle()

    def data_received(self, data: bytes) -> None:
        """Take what is whole."""
        if self._is_ending:
            return
        was_within = self._framer.is_within
        found = self._framer.feed(data)
        self._heard_at = now = self._loop.time()
        if found or self._framer.is_within != was_within:
            self._moved_at = now
        for one in found:
            if isinstance(one, Torn):
                self._tear(one)
            else:
                self._take(one, now)
        self._ask_for_room()
        self._settle()

    def _take(self, frame: Frame, now: float) -> None:
        reach("gateway.read")
        self._received.inc()
        self.has_spoken = True
        known = header(frame.content)
        pending = _Pending(known, len(frame.content), self._share, now)
        self._share = 0
        self._pending.append(pending)
        self._pending_bytes += pending.size
        arrival = Arrival(
            self._road.feed,
            frame.content,
            received_at=time.time_ns() // 1_000,
            road="mllp",
            refused=refusal(frame, known, self._road.profile),
        )
        self._road.intake.submit(arrival, partial(self._told, pending))

    def _told(self, pending: _Pending, receipt: Receipt) -> None:
        """A message is stored, or not; whoever was first is answered first."""
        if not receipt.stored:
            self._road.occasional.warn("not_stored", "the inbox takes nothing now")
        now = datetime.now(UTC)
        pending.answers = answers(pending.known, receipt, now, self._road.ids)
        self._pending_bytes -= pending.size
        if pending.share:
            self._road.room.give_back(pending.share)
        while self._pending and self._pending[0].answers is not None:
            self._answer(self._pending.popleft())
        self._settle()

    def _answer(self, pending: _Pending) -> None:
        if self._transport is None or not pending.answers:
            return
        reach("gateway.before_ack")
        self._transport.write(b"".join(framed(one.content) for one in pending.answers))
        reach("gateway.after_ack")
        self._seconds.observe(self._loop.time() - pending.since)
        for one in pending.answers:
            ACKNOWLEDGED.labels(self._road.feed, one.code).inc()

    def _tear(self, torn: Torn) -> None:
        TORN_FRAMES.labels(self._road.feed).inc()
        self._road.occasional.warn("torn_frame", torn.reason)
        self._end()

    def _ask_for_room(self) -> None:
        if self._framer.held <= SMALL_BYTES:
            self._return_room()
        elif not self._share and not self._waits_for_room:
            self._waits_for_room = True
            self._road.room.ask(self._road.profile.limits.message_bytes, self._grant_room)

    def _grant_room(self, share: int) -> None:
        self._waits_for_room, self._share = False, share
        self._settle()

    def _return_room(self) -> None:
        if self._waits_for_room:
            self._waits_for_room = False
            self._road.room.withdraw(self._grant_room)
        share, self._share = self._share, 0
        if share:
            self._road.room.give_back(share)

    def _settle(self) -> None:
        """Read on, or not; leave once everything is answered."""
        if self._transport is None:
            return
        if self._is_ending and not self._pending:
            self._transport.close()
            return
        reads = self._may_read()
        if reads == self._reads:
            return
        self._reads = reads
        if reads:
            # The time that we did not read is not the peer's silence.
            self._heard_at = self._moved_at = self._loop.time()
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _may_read(self) -> bool:
        # Once paused it stays so until half is answered: pausing has its cost, too.
        share = 1 if self._reads else 2
        return (
            not (self._is_ending or self._is_unread or self._waits_for_room)
            and len(self._pending) * share < MOST_UNANSWERED
            and self._pending_bytes * share < MOST_UNANSWERED_BYTES
        )

    def pause_writing(self) -> None:
        """The peer does not read its answers."""
        self._is_unread = True
        self._stuck_at = self._loop.time()
        self._settle()

    def resume_writing(self) -> None:
        """It reads them again."""
        self._is_unread = False
        self._settle()

    def eof_received(self) -> bool:
        """The peer sends no more; in plain text it may still be answered."""
        if torn := self._framer.close():
            self._tear(torn)
        self._end()
        is_tls = self._transport is None or self._transport.get_extra_info("ssl_object")
        return bool(self._pending) and not is_tls

    def connection_lost(self, _error: Exception | None) -> None:
        """What is not answered yet is stored all the same, and will not be answered."""
        self._transport = None
        if (torn := self._framer.close()) and not self._is_told_to_leave:
            self._tear(torn)
        self._return_room()
        self._gone(self)

    def leave(self) -> None:
        """Read no more, answer what was read, and close."""
        self._is_told_to_leave = True
        self._end()

    def _end(self) -> None:
        if not self._is_ending:
            self._is_ending = True
            self._stuck_at = self._loop.time()
        self._settle()

    def expire(self) -> None:
        """Close, for the peer has been silent or deaf for too long."""
        if torn := self._framer.close():
            self._tear(torn)
        elif self._is_unread or self._is_ending:
            self.abort()
        self._end()

    def abort(self) -> None:
        """Close at once, answered or not."""
        if self._transport is not None:
            self._transport.abort()

    def is_overdue(self, now: float) -> bool:
        """Whether its peer has been silent, or deaf, for too long."""
        idle = self._road.profile.limits.idle_seconds
        if self._is_unread or self._is_ending:
            return now - self._stuck_at > STALL_SECONDS
        if not self._reads or self._pending:
            return False
        if self._framer.is_within and now - self._heard_at > STALL_SECONDS:
            return True
        return now - self._moved_at > idle
