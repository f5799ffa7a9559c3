"""A message as a record of Kafka, and back.

Here: the key, the headers, and the columns that a stretch of records becomes. Not here: sending or
fetching them.

The message is the record's value, byte for byte, and what else is known of it lies in headers; so a
record that another program wrote into a topic, without any of them, is read as well.
"""

import re
import zlib
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import pyarrow as pa
from confluent_kafka import Message

from streaming.batches import ORIGINAL, Messages
from streaming.inbox.arrival import Arrival

DAMAGED: Final = "journal_damaged"
_UTC: Final = pa.timestamp("us", tz="UTC")
_KEY_BYTES: Final = 256
# As large as their columns take.
_TIME: Final = re.compile(rb"[0-9]{1,16}")
_PLACE: Final = re.compile(rb"([0-9]{1,9})/([0-9]{1,18})")
_REASON: Final = re.compile(rb"[a-z0-9_]{1,40}")
# MSH-3 and MSH-4, as a split at the field separator counts: MSH-1 is that separator.
_SENDER: Final = slice(2, 4)
# In quotes: a type only to whoever checks types.
Record: TypeAlias = "Message[bytes, bytes]"
Headers = list[tuple[str, str | bytes | None]]


def key(arrival: Arrival) -> bytes:
    """What decides the partition: messages with the same key stay in order.

    The sending application and facility of HL7 v2 (MSH-3, MSH-4): one sender's messages, and with
    them a patient's of that sender, stay in order where a topic has several partitions. What has no
    such sender, FHIR above all, has its feed for a key, and so lies in one partition.
    """
    raw = arrival.raw
    if raw[:3] == b"MSH" and len(raw) > len(b"MSH|"):
        return b"|".join(raw.split(raw[3:4], _SENDER.stop)[_SENDER])[:_KEY_BYTES]
    return arrival.feed.encode()


def headers(arrival: Arrival) -> Headers:
    """What is known of a message beside its bytes."""
    found: Headers = [
        ("received_at", str(arrival.received_at).encode()),
        ("road", arrival.road.encode()),
        ("checksum", checksum(arrival.raw)),
    ]
    if arrival.refused is not None:
        found.append(("refused", arrival.refused.encode()))
    if arrival.original is not None:
        partition, offset = arrival.original
        found.append(("original", f"{partition}/{offset}".encode()))
    return found


def checksum(raw: bytes) -> bytes:
    """What tells a message that was changed on its way."""
    return b"%08x" % zlib.crc32(raw)


def messages(feed: str, partition: int, records: Sequence[Record]) -> Messages:
    """Records with consecutive offsets as one batch."""
    told = [_told(record) for record in records]
    raw = [record.value() or b"" for record in records]
    return Messages(
        feed,
        partition,
        records[0].offset() or 0,
        pa.array([_received_at(*both) for both in zip(records, told, strict=True)], _UTC),
        pa.array(raw, pa.binary()),
        pa.array([_refused(*both) for both in zip(raw, told, strict=True)], pa.string()),
        pa.array([_original(one) for one in told], ORIGINAL),
    )


def _told(record: Record) -> dict[str, bytes]:
    found: Any = record.headers() or ()
    return {name: value for name, value in found if isinstance(value, bytes)}


def _received_at(record: Record, told: dict[str, bytes]) -> int:
    given = told.get("received_at", b"")
    # A record of another program is dated by the broker's or its own clock, in milliseconds.
    return int(given) if _TIME.fullmatch(given) else max(record.timestamp()[1], 0) * 1000


def _refused(raw: bytes, told: dict[str, bytes]) -> str | None:
    if told.get("checksum", checksum(raw)) != checksum(raw):
        return DAMAGED
    refused = told.get("refused", b"")
    # A reason becomes a value of a table: another program's free text must not.
    return refused.decode() if _REASON.fullmatch(refused) else None


def _original(told: dict[str, bytes]) -> dict[str, int] | None:
    found = _PLACE.fullmatch(told.get("original", b""))
    return found and {"partition": int(found[1]), "offset": int(found[2])}
