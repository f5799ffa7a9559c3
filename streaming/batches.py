"""The units that flow: a batch of messages, then a batch of facts, then rows of tables.

Here: the three shapes, and the provenance that every stored row carries. Not here: any decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.wire.decoded import Decoded
from streaming.turns import Turn

Tables = Mapping[str, pa.Table]

# The place of the message that a replayed one names.
ORIGINAL = pa.struct([("partition", pa.int32()), ("offset", pa.int64())])


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages of one feed partition, with consecutive offsets from `first_offset`.

    `rejects` are the reasons the road gives for refusing a message, e.g. "truncated"; null where it
    has none. `originals` name the quarantined message that a message replays (partition, offset).
    `arrived_at` is when a live message reached the gateway, whatever clock dates it.
    """

    feed: str
    partition: int
    first_offset: int
    received_at: pa.Array
    raw: pa.Array
    rejects: pa.Array | None = None
    originals: pa.Array | None = None
    arrived_at: pa.Array | None = None

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

    def slice(self, start: int, end: int) -> "Messages":
        """The messages from one place of the batch up to another."""

        def part(column: pa.Array | None) -> pa.Array | None:
            return None if column is None else column.slice(start, end - start)

        return replace(
            self,
            first_offset=self.first_offset + start,
            received_at=part(self.received_at),
            raw=part(self.raw),
            rejects=part(self.rejects),
            originals=part(self.originals),
            arrived_at=part(self.arrived_at),
        )


@dataclass(frozen=True, slots=True)
class Understood:
    """A batch with what its messages say: dispositions, and facts as sent."""

    messages: Messages
    decoded: Decoded
    content_hash: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of tables that come from messages of one place, none beyond offset `upto`.

    `turn` is when the fold learnt the messages: on rows that carry the messages themselves.
    """

    place: str
    upto: int
    tables: Tables
    turn: Turn | None = None


def with_provenance(messages: Messages, rows: pa.Table) -> pa.Table:
    """Add where each row came from to rows that name their message."""
    message = rows["message"].to_numpy()
    received_at = messages.received_at.take(pa.array(message))
    columns = {
        "feed": constant(messages.feed, pa.string(), len(rows)),
        "partition": constant(messages.partition, pa.int32(), len(rows)),
        "offset": pa.array(messages.first_offset + message.astype(np.int64)),
        "received_at": received_at,
        "received_date": received_at.cast(pa.date32()),
    }
    return with_columns(rows, columns)


def with_columns(rows: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Rows with columns after their own, added all at once."""
    names = [*rows.schema.names, *columns]
    return pa.Table.from_arrays([*rows.itercolumns(), *columns.values()], names=names)


def constant(value: object, kind: pa.DataType, length: int) -> pa.Array:
    """One value, repeated."""
    return pa.repeat(pa.scalar(value, kind), length)


def rejecting_last(count: int, reason: str | None) -> pa.Array | None:
    """The rejects of a batch whose last message alone is not trusted; None without a reason."""
    if reason is None:
        return None
    return pa.array([None] * (count - 1) + [reason], pa.string())
