"""The tail of Kafka: consecutive records of each partition, from the lake's cut on.

Here: one consumer for all partitions, what it has fetched ahead of each, and holes in the offsets.
Not here: whether the cluster is there (kafka_watch.py), or what a record says (kafka_record.py).

Partitions are assigned by us, at the offset after the cut: there is no consumer group, and nothing
is committed to Kafka. An offset that the broker no longer has is never skipped in silence: it is a
gap, or, where the broker's newest offset lies before ours, another topic.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from lakehouse.lake import Lake
from lakehouse.losses import NO_MESSAGE
from lakehouse.settings import Settings
from streaming.batches import Messages
from streaming.inbox import kafka_record
from streaming.inbox.arrival import InboxDownError
from streaming.inbox.kafka_client import (
    ASK_SECONDS,
    CONSUMING,
    down,
    misunderstood,
    number_of,
    options,
    topic_of,
)
from streaming.inbox.kafka_notes import Notes
from streaming.inbox.kafka_record import Record
from streaming.inbox.kafka_watch import Watch, replaced
from streaming.inbox.opening import journal_directory
from streaming.live.tail import Gap, Place

# Fetched in one go, and how much may lie ready of one partition before it has to wait.
FETCH_MESSAGES: Final = 1_000
AHEAD_MESSAGES: Final = 16_000
AHEAD_BYTES: Final = 32 * 1024 * 1024
# A broker that comes back may for a moment know less than all replicas that are in sync.
BEHIND_SECONDS: Final = 5.0
# After a failure a partition is left alone for so long.
REST_SECONDS: Final = 0.5
# When in doubt: at least so often the places are looked at.
LOOK_ANYWAY_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Part:
    """One partition as it is being read: `offset` is the next to give, `ready` what was fetched."""

    topic: str
    number: int
    offset: int
    ready: deque[Record] = field(default_factory=deque)
    size: int = 0
    is_paused: bool = False
    is_broken: bool = False

    @property
    def following(self) -> TopicPartition:
        """Where to fetch on."""
        newest = self.ready[-1].offset() if self.ready else None
        return TopicPartition(
            self.topic, self.number, self.offset if newest is None else newest + 1
        )

    @property
    def is_full(self) -> bool:
        return len(self.ready) >= AHEAD_MESSAGES or self.size >= AHEAD_BYTES

    def add(self, record: Record) -> None:
        self.ready.append(record)
        self.size += len(record.value() or b"")

    def take(self, messages: int, size: int) -> list[Record]:
        """Records from `offset` on without a hole, at least one where there is one."""
        taken: list[Record] = []
        while self.ready and self.ready[0].offset() == self.offset and len(taken) < messages:
            length = len(self.ready[0].value() or b"")
            if taken and length > size:
                break
            taken.append(self.ready.popleft())
            self.offset += 1
            self.size -= length
            size -= length
        return taken


class KafkaTail:
    """As `Tail`, over one topic per feed."""

    def __init__(self, settings: Settings, lake: Lake, feeds: Sequence[str]) -> None:
        """Connect.

        Args:
            settings: The deployment's.
            lake: The lake beside which the notes on topics lie.
            feeds: The feeds that have a profile; others are not read.

        Raises:
            InboxDownError: The cluster does not answer.
            TopicReplacedError: A topic is another one than before.
            SettingsError: The client does not take the settings.
        """
        self._settings = settings
        self._notes = Notes(journal_directory(settings, lake))
        try:
            # First: to close a consumer takes long while the cluster is away.
            self._watch = Watch(settings, self._notes, feeds)
        except BaseException:
            self._notes.close()
            raise
        try:
            self._consumer = Consumer(options(settings, CONSUMING))
        except KafkaException as error:
            self._watch.close()
            raise misunderstood(settings, error) from None
        self._places = self._watch.places()
        self._parts: dict[Place, _Part] = {}
        self._assigned: dict[tuple[str | None, int | None], _Part] = {}
        self._behind: dict[Place, float] = {}
        self._rest_until: dict[Place, float] = {}
        self._looked = 0.0

    def places(self) -> list[Place]:
        """As `Tail.places`."""
        return self._places

    def unknown_feeds(self) -> list[str]:
        """As `Tail.unknown_feeds`."""
        return self._watch.unknown_feeds()

    def parts_changed(self) -> bool:
        """As `Tail.parts_changed`."""
        return self._watch.has_grown

    def changed(self) -> bool:
        """As `Tail.changed`."""
        self._fetch()
        now = time.monotonic()
        if any(part.ready or part.is_broken for part in self._parts.values()):
            return True
        if now - self._looked < LOOK_ANYWAY_SECONDS:
            return False
        self._looked = now
        return True

    def read(self, place: Place, offset: int, messages: int, size: int) -> Messages | Gap | None:
        """As `Tail.read`.

        Raises:
            InboxDownError: The cluster does not answer.
            TopicReplacedError: The topic is another one than before.
        """
        if self._watch.replaced is not None:
            raise self._watch.replaced
        part = self._parts.get(place)
        if part is None or part.offset != offset or (part.is_broken and not part.ready):
            gap = self._open(place, offset)
            if gap is not None:
                return gap
            part = self._parts[place]
        if not part.ready:
            self._fetch()
        return self._taken(place, part, messages, size)

    def _taken(self, place: Place, part: _Part, messages: int, size: int) -> Messages | Gap | None:
        taken = part.take(messages, size)
        if part.is_paused and not part.is_full:
            self._consumer.resume([TopicPartition(part.topic, part.number)])
            part.is_paused = False
        if taken:
            return kafka_record.messages(*place, taken)
        if part.ready:
            return self._hole(place, part)
        if self._watch.down is not None:
            raise self._watch.down
        return None

    def _hole(self, place: Place, part: _Part) -> Gap:
        """Offsets that the broker left out between two records.

        It does so for the marks of a transaction, which are no messages, for messages of one that
        was given up, and for what compaction took away. The protocol does not tell them apart, but
        only a topic that is compacted loses messages in its middle.
        """
        first, last = part.offset, (part.ready[0].offset() or 0) - 1
        reason = "compacted" if self._watch.is_compacted(place[0]) else NO_MESSAGE
        part.offset = last + 1
        return Gap(first, last, reason)

    def _open(self, place: Place, offset: int) -> Gap | None:
        """Read a partition from an offset on, if the broker has it; else the gap up to what it has.

        Raises:
            InboxDownError: The broker does not answer.
            TopicReplacedError: The partition ends before the offset.
        """
        feed, partition = place
        topic, number = topic_of(self._settings, feed), number_of(partition)
        low, high = self._bounds(place, topic, number)
        if high < offset:
            raise self._behind_error(place, topic, f"ends at offset {high}, before {offset}")
        self._behind.pop(place, None)
        self._parts.pop(place, None)
        if low > offset:
            return Gap(offset, low - 1, "retention_gap")
        self._parts[place] = _Part(topic, number, offset)
        self._assign()
        return None

    def _bounds(self, place: Place, topic: str, number: int) -> tuple[int, int]:
        """The oldest offset that a partition has, and the one after its newest."""
        if time.monotonic() < self._rest_until.get(place, 0.0):
            raise self._watch.down or InboxDownError("Kafka did not answer a moment ago")
        try:
            self._watch.check()
            found = self._consumer.get_watermark_offsets(
                TopicPartition(topic, number), timeout=ASK_SECONDS
            )
        except KafkaException as error:
            self._rest_until[place] = time.monotonic() + REST_SECONDS
            raise down(self._settings, error, f"does not tell of topic `{topic}`") from None
        except InboxDownError:
            self._rest_until[place] = time.monotonic() + REST_SECONDS
            raise
        return found or (0, 0)

    def _behind_error(self, place: Place, topic: str, why: str) -> Exception:
        """The error of a partition that ends too early: certain only once it stays so."""
        now = time.monotonic()
        if now - self._behind.setdefault(place, now) >= BEHIND_SECONDS:
            return replaced(self._settings, topic, f"partition {number_of(place[1])} {why}")
        self._rest_until[place] = now + REST_SECONDS
        return InboxDownError(f"Kafka's topic `{topic}` {why}: waiting for its replicas")

    def _assign(self) -> None:
        self._consumer.assign([part.following for part in self._parts.values()])
        self._assigned = {(part.topic, part.number): part for part in self._parts.values()}
        for part in self._parts.values():
            part.is_paused = False

    def _fetch(self) -> None:
        """Take what has come for any partition; never waits."""
        # Without a partition the client would wait for a group's.
        records = self._consumer.consume(FETCH_MESSAGES, timeout=0) if self._parts else ()
        for record in records:
            part = self._assigned.get((record.topic(), record.partition()))
            error = record.error()
            if part is None:
                continue
            if error is not None:
                part.is_broken = part.is_broken or _is_serious(error)
            elif not part.is_broken:
                part.add(record)
        if records:
            self._hold_back()

    def _hold_back(self) -> None:
        for part in self._parts.values():
            if part.is_full and not part.is_paused:
                self._consumer.pause([TopicPartition(part.topic, part.number)])
                part.is_paused = True

    def next_offset(self, place: Place) -> int | None:
        """As `Tail.next_offset`."""
        feed, partition = place
        where = TopicPartition(topic_of(self._settings, feed), number_of(partition))
        try:
            found = self._consumer.get_watermark_offsets(where, cached=True)
        except (KafkaException, RuntimeError):
            return None
        return found[1] if found and found[1] >= 0 else None

    def close(self) -> None:
        """As `Tail.close`."""
        self._watch.close()
        self._consumer.close()
        self._notes.close()


def _is_serious(error: KafkaError) -> bool:
    """Whether a partition is fetched no more after an error, until it is opened again."""
    return not error.retriable() and error.code() not in _PASSING


_PASSING: Final[frozenset[Any]] = frozenset(
    {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._TIMED_OUT}  # noqa: SLF001 so the client names its codes
)
