"""Messages of a lake as a source: the bytes that were received, as they were received.

Here: reading `raw_messages` in the order in which the lake learnt, with the offsets and clocks they
had. Not here: which messages (backfill.py), or what a message says.

What the first source said of a message's frame (it broke off) is taken from its row: a lake keeps
no files to find it out again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from lakehouse.arrivals import Run, chunks
from lakehouse.catalogue import connect, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES
from streaming.batches import ORIGINAL, Messages

# Messages that are read in one go: more takes memory, fewer open the table more often.
READ_AHEAD = 20_000
PART = "stored"
_UTC = pa.timestamp("us", tz="UTC")


@dataclass(slots=True)
class StoredSource(FixedPartitionedSource[Messages, None]):
    """Stored messages as a Bytewax source. One part, so that the order of arrival is kept.

    Args:
        lake: The lake that has them.
        at: The cut up to which it is read.
        runs: Which messages, in order.
        batch: Most messages in one batch.
        released: Told how many messages each batch has.
    """

    lake: Lake
    at: Cut
    runs: Sequence[Run]
    batch: int
    released: Callable[[int], None] = lambda _: None

    def list_parts(self) -> list[str]:
        """One part for all feeds."""
        return [PART]

    def build_part(self, _step_id: str, _part: str, _resume: None) -> "_StoredPart":
        """The part; its position comes from the runs, never from a recovery store."""
        return _StoredPart(self)


class _StoredPart(StatefulSourcePartition[Messages, None]):
    def __init__(self, source: StoredSource) -> None:
        self._source = source
        self._connection = connect(source.lake, tables=(RAW_MESSAGES,), at=source.at)
        self._batches = _batches(self._connection, source)

    def next_batch(self) -> list[Messages]:
        batch = next(self._batches, None)
        if batch is None:
            raise StopIteration
        self._source.released(len(batch.raw))
        return [batch]

    def snapshot(self) -> None:
        return None

    def close(self) -> None:
        self._connection.close()


def _batches(connection: duckdb.DuckDBPyConnection, source: StoredSource) -> Iterator[Messages]:
    for group in chunks(source.runs, READ_AHEAD):
        # One reading for all runs of a place: feeds that sent in turns have very many.
        read = {span.place: _read(connection, span) for span in _spans(group)}
        for run in group:
            yield from _pieces(_within(read[run.place], run), run, source.batch)


def _spans(group: Sequence[Run]) -> Iterable[Run]:
    """The messages of each place, from its first run to its last."""
    spans: dict[tuple[str, int], Run] = {}
    for run in group:
        spans[run.place] = replace(run, first=spans.get(run.place, run).first)
    return spans.values()


def _within(rows: pa.Table, run: Run) -> pa.Table:
    low, high = np.searchsorted(rows["offset"].to_numpy(), [run.first, run.last + 1]).tolist()
    return rows.slice(low, high - low)


def _read(connection: duckdb.DuckDBPyConnection, run: Run) -> pa.Table:
    # Spelt out, the bounds let the engine skip files.
    sql = (
        "select \"offset\", received_at, raw, if(stage = 'frame', reason, null) as rejects,"  # noqa: S608 a name, quoted, and numbers
        " original_partition, original_offset"
        f" from raw_messages where feed = {quoted_text(run.feed)}"
        f' and "partition" = {run.partition:d} and "offset" between {run.first:d} and {run.last:d}'
        ' order by "offset"'
    )
    return connection.execute(sql).to_arrow_table().combine_chunks()


def _pieces(rows: pa.Table, run: Run, batch: int) -> Iterator[Messages]:
    """Batches of consecutive offsets."""
    if not rows.num_rows:
        return
    offsets = rows["offset"].to_numpy()
    ends = np.flatnonzero(np.diff(offsets) != 1) + 1
    for begin, end in pairwise([0, *ends.tolist(), rows.num_rows]):
        for first in range(begin, end, batch):
            last = min(first + batch, end)
            part = rows.slice(first, last - first)
            yield Messages(
                run.feed,
                run.partition,
                int(offsets[first]),
                part["received_at"].combine_chunks().cast(_UTC),
                part["raw"].combine_chunks().cast(pa.binary()),
                part["rejects"].combine_chunks().cast(pa.string()),
                _originals(part),
            )


def _originals(rows: pa.Table) -> pa.Array:
    partition, offset = (
        rows[name].combine_chunks().cast(kind)
        for name, kind in (("original_partition", pa.int32()), ("original_offset", pa.int64()))
    )
    fields = [ORIGINAL.field(0), ORIGINAL.field(1)]
    return pa.StructArray.from_arrays([partition, offset], fields=fields)
