"""Kafka's client: what every connection of ours is set to, and what its errors become.

Here: the options that the promise rests on, topics' and partitions' names, and errors in words of
ours. Not here: storing (kafka_producing.py), or reading (kafka_tail.py).
"""

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from lakehouse.errors import LakehouseError, SettingsError
from lakehouse.settings import Settings
from streaming.inbox.arrival import KAFKA_PARTITIONS, InboxDownError

# A sender waits about so long for its answer before it sends again.
PUT_SECONDS: Final = 10.0
# So many partitions a topic may have: the numbers above are those of the next generation.
MOST_PARTITIONS: Final = 1_000
# What a record needs beside the message: headers, key, framing.
RECORD_BYTES: Final = 64 * 1024
# How long a broker is asked for something; it answers in milliseconds, or it is down.
ASK_SECONDS: Final = 5.0
# The promise rests on these: `kafka_options` may not change them.
PRODUCING: Final = {
    "enable.idempotence": True,
    "acks": "all",
    "compression.type": "lz4",
    # The way Kafka's own clients choose a partition by key, so that theirs and ours agree.
    "partitioner": "murmur2_random",
    "message.timeout.ms": int(PUT_SECONDS * 1000),
    # No limit of the client's own: the road has one, and the topic.
    "message.max.bytes": 1_000_000_000,
}
CONSUMING: Final = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    # An offset out of range is an event, never a silent jump.
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    "check.crcs": True,
    "enable.partition.eof": False,
    # The client wants a name, and never joins the group: partitions are assigned by us.
    "group.id": "pulsehouse",
}


class TopicReplacedError(LakehouseError):
    """A topic is not the one that the lake has read from: its offsets mean other messages."""

    exit_code = 4


def topic_of(settings: Settings, feed: str) -> str:
    """The topic of a feed."""
    return f"{settings.kafka_prefix}{feed}"


def partition_of(settings: Settings, number: int) -> int:
    """What the lake calls a topic's partition."""
    if number >= MOST_PARTITIONS:
        msg = f"a topic has more than {MOST_PARTITIONS} partitions; make it anew with fewer"
        raise SettingsError(msg)
    return KAFKA_PARTITIONS + settings.kafka_generation * MOST_PARTITIONS + number


def number_of(partition: int) -> int:
    """The topic's partition that the lake calls by this number."""
    return (partition - KAFKA_PARTITIONS) % MOST_PARTITIONS


def options(settings: Settings, ours: Mapping[str, object]) -> dict[str, Any]:
    """A client's options: the deployment's, and over them those that the promise rests on."""
    if not settings.kafka_servers:
        msg = "setting `kafka_servers` is empty; name Kafka's bootstrap servers, host:port,..."
        raise SettingsError(msg)
    if fixed := sorted(set(settings.kafka_options) & {*PRODUCING, *CONSUMING}):
        msg = f"setting `kafka_options` may not set {', '.join(fixed)}: the promise rests on it"
        raise SettingsError(msg)
    return {
        "client.id": "pulsehouse",
        # What the client prints would be a log beside ours, in words of the brokers.
        "log_level": 0,
        "reconnect.backoff.max.ms": 2_000,
        **settings.kafka_options,
        **ours,
        "bootstrap.servers": settings.kafka_servers,
    }


def down(settings: Settings, error: Exception, what: str) -> InboxDownError:
    """The error of a cluster that does not do what was asked of it."""
    msg = (
        f"Kafka at {settings.kafka_servers} {what} ({code(error)}): check that its brokers run,"
        " that enough replicas are in sync, and the rights of this user"
    )
    return InboxDownError(msg)


def misunderstood(settings: Settings, error: KafkaException) -> SettingsError:
    """The error of options that the client does not take; their values are not repeated."""
    names = ", ".join(sorted(settings.kafka_options)) or "none"
    msg = f"Kafka's client does not take `kafka_options` ({code(error)}); it has {names}"
    return SettingsError(msg)


def code(error: Exception) -> str:
    """An error's name in Kafka's protocol; its text may repeat what a peer said."""
    first = error.args[0] if error.args else None
    return str(first.name()) if isinstance(first, KafkaError) else type(error).__name__


def is_code(error: Exception, *codes: int) -> bool:
    """Whether an exception of the client carries one of these codes."""
    first = error.args[0] if error.args else None
    return isinstance(first, KafkaError) and first.code() in codes
