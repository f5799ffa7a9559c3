"""Deployments for these tests: a lake, topics of its own in a shared cluster, and messages.

Here: factories. Not here: brokers (broker.py).
"""

import itertools
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.batches import Messages
from streaming.inbox.arrival import Arrival, InboxDownError
from streaming.inbox.kafka_client import topic_of
from streaming.inbox.kafka_producing import KafkaInbox
from streaming.inbox.kafka_tail import KafkaTail
from streaming.live.tail import Gap, Place

FEED = "mimic3"
PLACE = (FEED, 2_000)
PATIENCE_SECONDS = 180
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One lake and its settings; its topics' prefix is nobody else's."""

    settings: Settings
    lake: Lake

    @classmethod
    def make(cls, folder: Path, servers: str, **more: object) -> "Deployment":
        """A new one."""
        lake = Lake.open(folder / f"lake-{next(_numbers)}", create=True)
        given = {
            "lake": lake.root,
            "inbox": "kafka",
            "kafka_servers": servers,
            "kafka_prefix": f"test-{time.time_ns()}.",
        }
        return cls(Settings.model_validate(given | more), lake)

    @property
    def topic(self) -> str:
        """The topic of FEED."""
        return topic_of(self.settings, FEED)

    def inbox(self) -> KafkaInbox:
        """Its inbox."""
        return KafkaInbox(self.settings, self.lake.root / "journal")

    def tail(self) -> KafkaTail:
        """Its tail."""
        return KafkaTail(self.settings, self.lake, [FEED])

    def put(self, *numbers: int) -> None:
        """Store messages with these numbers."""
        with closing(self.inbox()) as inbox:
            inbox.put([arrival(number) for number in numbers])


def arrival(number: int, feed: str = FEED, **more: object) -> Arrival:
    """A message that says its number, for its control id."""
    raw = (
        f"MSH|^~\\&|MON|ICU|PH|PH|20260105080000||ADT^A08|C{number}|P|2.5\r"
        f"PID|||P{number % 7}^^^HOSP\r"
    )
    given = {"feed": feed, "raw": raw.encode(), "received_at": 1_767_600_000_000_000 + number}
    return Arrival(**({"road": "mllp"} | given | more))


def number_of(raw: bytes) -> int:
    """The number that a message of `arrival` says."""
    return int(raw.split(b"|")[9][1:])


def read(
    tail: KafkaTail, count: int, place: Place = PLACE, offset: int = 0
) -> list[Messages | Gap]:
    """What a place gives from an offset on, until it gave so many messages, gaps among them."""
    found: list[Messages | Gap] = []
    given = 0

    def more() -> bool:
        nonlocal offset, given
        try:
            one = tail.read(place, offset, 1_000, 1 << 20)
        except InboxDownError:
            return False
        if one is not None:
            found.append(one)
            offset = (one.last if isinstance(one, Gap) else one.last_offset) + 1
            given += 0 if isinstance(one, Gap) else len(one.raw)
        return given >= count

    until(more)
    return found


def insist(tail: KafkaTail, offset: int) -> None:
    """Read until something comes, as the stream does while the cluster is away."""

    def comes() -> bool:
        try:
            return tail.read(PLACE, offset, 10, 1 << 20) is not None
        except InboxDownError:
            return False

    until(comes)


def raw_of(found: Iterable[Messages | Gap]) -> list[bytes]:
    """The bytes of all messages that were read."""
    return [raw for one in found if isinstance(one, Messages) for raw in one.raw.to_pylist()]


def until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def newest(servers: str, topic: str, number: int = 0) -> int:
    """The offset after the newest record of a partition."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "tests", "log_level": 0})
    try:
        found = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
    finally:
        consumer.close()
    return found[1]


def done(futures: dict[object, object]) -> None:
    """Wait for what an administrator asked for."""
    for future in futures.values():
        future.result(PATIENCE_SECONDS)  # type: ignore[attr-defined]


def delete_topic(admin: AdminClient, topic: str) -> None:
    """Delete a topic, and wait until it is gone."""
    done(admin.delete_topics([topic]))
    until(lambda: topic not in admin.list_topics(timeout=5).topics)
