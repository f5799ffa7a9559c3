"""Kafka as the inbox: a message is stored once all replicas that are in sync have it.

Here: storing groups of messages, each group confirmed before anybody is answered. Not here: reading
them (kafka_tail.py), or topics (kafka_topics.py).

The producer is idempotent: what it sends again itself is not stored twice. A producer that failed
is thrown away with all it holds, since after a time-out its sequence cannot be trusted; what it
held may be stored or not, its sender is told to send again, and what then is there twice is a
duplicate by its control id.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from lakehouse.failpoints import reach
from lakehouse.feeds import load_profile
from lakehouse.settings import Settings
from streaming.inbox.arrival import Arrival, FilePart, InboxDownError, InboxFullError
from streaming.inbox.kafka_client import (
    ASK_SECONDS,
    PRODUCING,
    PUT_SECONDS,
    RECORD_BYTES,
    down,
    is_code,
    misunderstood,
    options,
    topic_of,
)
from streaming.inbox.kafka_notes import Notes
from streaming.inbox.kafka_record import headers, key
from streaming.inbox.kafka_topics import Topics

_TOO_LARGE: Final = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE)


class _Group:
    """What became of the messages of one put."""

    def __init__(self) -> None:
        self.stored = 0
        self.failures: list[KafkaError] = []

    def told(self, error: KafkaError | None, _message: object) -> None:
        if error is None:
            self.stored += 1
        else:
            self.failures.append(error)


class KafkaInbox:
    """As `Inbox`, over one topic per feed."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        """Set up; a cluster that is down is noticed by a put, and by `check_room`.

        Args:
            settings: The deployment's.
            directory: Where notes are kept that are not Kafka's.

        Raises:
            SettingsError: The client does not take the settings.
            InboxFailedError: The directory takes no file.
        """
        self._settings = settings
        self._topics = Topics(settings)
        self._notes = Notes(directory)
        self._producer = self._new_producer()
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def put(self, arrivals: Sequence[Arrival], file: FilePart | None = None) -> None:
        """As `Inbox.put`, but that on InboxDownError some of them may be stored."""
        with self._lock:
            if arrivals:
                self._store(arrivals)
            if file is not None:
                self._notes.keep(file)

    def file_progress(self, feed: str, sha256: str) -> FilePart | None:
        """As `Inbox.file_progress`."""
        return self._notes.progress(feed, sha256)

    def check_room(self) -> None:
        """As `Inbox.check_room`: whether the cluster answers."""
        self._topics.partitions()

    def close(self) -> None:
        """As `Inbox.close`."""
        with self._lock:
            self._drop()
            self._notes.close()

    def _store(self, arrivals: Sequence[Arrival]) -> None:
        topics = {feed: self._topic(feed) for feed in {arrival.feed for arrival in arrivals}}
        group = _Group()
        try:
            self._send(arrivals, topics, group)
            reach("journal.written")
            self._producer.flush(PUT_SECONDS + 1)
        except KafkaException as error:
            self._renew()
            raise self._failure(error, "did not take messages") from None
        if group.stored < len(arrivals):
            self._renew()
            raise self._unconfirmed(group, len(arrivals))
        reach("journal.synced")

    def _topic(self, feed: str) -> str:
        """The topic of a feed, which is there and takes its messages; seen to once."""
        topic = topic_of(self._settings, feed)
        if feed not in self._seen:
            profile = load_profile(feed, self._settings.feeds)
            self._topics.ensure(topic, profile.limits.message_bytes + RECORD_BYTES)
            self._seen.add(feed)
        return topic

    def _new_producer(self) -> Producer:
        try:
            return Producer(options(self._settings, PRODUCING))
        except KafkaException as error:
            raise misunderstood(self._settings, error) from None

    def _renew(self) -> None:
        """Throw the producer away, and what it holds; topics may be others too by now."""
        self._drop()
        self._producer = self._new_producer()
        self._seen.clear()

    def _drop(self) -> None:
        self._producer.purge()
        self._producer.flush(ASK_SECONDS)

    def _send(self, arrivals: Sequence[Arrival], topics: Mapping[str, str], group: _Group) -> None:
        deadline = time.monotonic() + PUT_SECONDS
        for arrival in arrivals:
            while not self._sent(arrival, topics[arrival.feed], group):
                if time.monotonic() > deadline:
                    raise KafkaException(KafkaError(KafkaError._QUEUE_FULL))  # noqa: SLF001 so the client names its codes

    def _sent(self, arrival: Arrival, topic: str, group: _Group) -> bool:
        """Give a message to the producer; False where its queue is full for now."""
        try:
            self._producer.produce(
                topic,
                value=arrival.raw,
                key=key(arrival),
                headers=headers(arrival),
                on_delivery=group.told,
            )
        except BufferError:
            self._producer.poll(0.05)
            return False
        return True

    def _unconfirmed(self, group: _Group, count: int) -> InboxFullError | InboxDownError:
        first = group.failures[0] if group.failures else KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001 as above
        what = f"confirmed {group.stored} of {count} messages"
        return self._failure(KafkaException(first), what)

    def _failure(self, error: KafkaException, what: str) -> InboxFullError | InboxDownError:
        if is_code(error, *_TOO_LARGE):
            msg = (
                "Kafka refused a message for its size: raise `max.message.bytes` of the topic, or"
                " lower `limits.message_bytes` in the feed's profile"
            )
            return InboxFullError(msg)
        if is_code(error, KafkaError._QUEUE_FULL):  # noqa: SLF001 as above
            msg = "Kafka takes messages more slowly than they come: look at its brokers' disks"
            return InboxFullError(msg)
        return down(self._settings, error, what)
