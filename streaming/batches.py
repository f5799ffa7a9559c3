"""The units that flow: a batch of messages, then a batch of facts, then rows of tables.

Here: the three shapes, and the provenance that every stored row carries. Not here: any decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.wire.decoded import Decoded

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages of one feed partition, with consecutive offsets from `first_offset`.

    `reject_last` is the reason the source gives for not trusting the last message, e.g.
    "truncated".
    """

    feed: str
    partition: int
    first_offset: int
    received_at: pa.Array
    raw: pa.Array
    reject_last: str | None = None

    @property
    def place(self) -> str:
        """Feed and partition in one word: the key that brings rows back to their own sink."""
        return f"{self.feed}/{self.partition}"

    @property
    def offsets(self) -> NDArray[np.int64]:
        """The offset of each message."""
        return self.first_offset + np.arange(len(self.raw))

    @property
    def last_offset(self) -> int:
        """The highest offset of the batch."""
        return self.first_offset + len(self.raw) - 1


@dataclass(frozen=True, slots=True)
class Understood:
    """A batch with what its messages say: dispositions, and facts as sent."""

    messages: Messages
    decoded: Decoded
    content_hash: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of tables that come from messages of one place, none beyond offset `upto`."""

    place: str
    upto: int
    tables: Tables


def with_provenance(messages: Messages, rows: pa.Table) -> pa.Table:
    """Add where each row came from to rows that name their message."""
    message = rows["message"].combine_chunks()
    received_at = messages.received_at.take(message)
    columns = {
        "feed": constant(messages.feed, pa.string(), len(rows)),
        "partition": constant(messages.partition, pa.int32(), len(rows)),
        "offset": pa.array(messages.offsets).take(message),
        "received_at": received_at,
        "received_date": received_at.cast(pa.date32()),
    }
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return rows


def constant(value: object, kind: pa.DataType, length: int) -> pa.Array:
    """One value, repeated."""
    return pa.repeat(pa.scalar(value, kind), length)
