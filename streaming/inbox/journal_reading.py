"""Reading a journal, beside whoever writes it.

Here: consecutive messages of a feed as Arrow columns, and how far each feed has come. Not here:
when to look (streaming/live), or writing.

A reader holds no transaction between two calls: one that does would keep the log from being reused,
and it would grow for as long.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from streaming.batches import ORIGINAL
from streaming.inbox.journal_faults import fault
from streaming.inbox.journal_files import (
    NAME,
    PLACE,
    checksum,
    connected_to_read,
    file_number,
)

DAMAGED: Final = "journal_damaged"
_UTC: Final = pa.timestamp("us", tz="UTC")
_READ: Final = (
    "select key, received_at, raw, checksum, refused, original_partition, original_offset"
    " from messages where key >= ? and key < ? order by key limit ?"
)
_ORIGINALS: Final = (
    "select original_partition, original_offset from messages"
    " where key >> 44 = ? and original_partition is not null"
)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages of one feed with consecutive offsets from `first_offset`; it may be empty.

    Where `first_offset` lies beyond the offset that was asked for, the journal has none between.
    """

    first_offset: int
    received_at: pa.Array
    raw: pa.Array
    rejects: pa.Array
    originals: pa.Array

    def __len__(self) -> int:
        return len(self.raw)


class JournalReader:
    """A journal, read-only; while there is none, it has no feeds."""

    def __init__(self, directory: Path) -> None:
        """Args: directory: where the journal lies, or will lie."""
        self._path = directory / NAME
        self._file: int | None = None
        self._database: sqlite3.Connection | None = None
        self._seen: int | None = None
        self._places: dict[str, int] = {}

    def feeds(self) -> dict[str, int]:
        """Per feed, the offset that its next message will have."""
        rows = self._rows("select feed, next_offset, place from places")
        self._places = {feed: place for feed, _, place in rows}
        return {feed: following for feed, following, _ in rows}

    def changed(self) -> bool:
        """Whether anything was stored or forgotten since the last time this was asked."""
        rows = self._rows("pragma data_version")
        now = rows[0][0] if rows else None
        before, self._seen = self._seen, now
        return now is not None and now != before

    def oldest(self, feed: str) -> int | None:
        """The least offset that the journal still has of a feed."""
        low = self._low(feed)
        if low is None:
            return None
        rows = self._rows(
            "select key from messages where key >= ? and key < ? order by key limit 1",
            (low, low + PLACE),
        )
        return rows[0][0] - low if rows else None

    def originals(self, feed: str) -> set[tuple[int, int]]:
        """The quarantined messages, by partition and offset, whose replays the journal holds."""
        low = self._low(feed)
        if low is None:
            return set()
        return set(self._rows(_ORIGINALS, (low // PLACE,)))

    def read(self, feed: str, offset: int, messages: int, size: int) -> Stretch:
        """Messages from an offset on.

        Args:
            feed: The feed.
            offset: The first offset wanted.
            messages: Most messages to give.
            size: Most bytes to give, but at least one message.

        Raises:
            JournalDamagedError: The database is torn; a record that is not what was stored is
                given with the reject `journal_damaged` instead.
        """
        low = self._low(feed)
        rows = [] if low is None else self._stretch(low, offset, messages, size)
        if low is None or not rows:
            return _stretch(offset, [])
        return _stretch(rows[0][0] - low, rows)

    def _stretch(self, low: int, offset: int, messages: int, size: int) -> list[Row]:
        database = self._opened()
        if database is None:
            return []
        try:
            found = database.execute(_READ, (low + offset, low + PLACE, messages))
            return _upto_gap(found, size)
        except sqlite3.Error as error:
            raise fault(error, self._path) from None

    def _low(self, feed: str) -> int | None:
        if feed not in self._places:
            self.feeds()
        place = self._places.get(feed)
        return None if place is None else place * PLACE

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        database = self._opened()
        if database is None:
            return []
        try:
            return database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise fault(error, self._path) from None

    def _opened(self) -> sqlite3.Connection | None:
        file = file_number(self._path)
        if file != self._file:
            # The journal was made, moved aside or put back since.
            self.close()
        if self._database is None and file is not None:
            self._database = connected_to_read(self._path)
            self._file = file if self._database is not None else None
        return self._database

    def close(self) -> None:
        """Let go of the journal's files."""
        if self._database is not None:
            self._database.close()
        self._database, self._file, self._seen, self._places = None, None, None, {}


def _upto_gap(found: sqlite3.Cursor, size: int) -> list[Row]:
    rows: list[Row] = []
    expected = None
    taken = 0
    for row in found:
        if expected is not None and row[0] != expected:
            break
        rows.append(row)
        expected = row[0] + 1
        taken += len(row[2])
        if taken >= size:
            break
    return rows


def _stretch(first_offset: int, rows: list[Row]) -> Stretch:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    keys, received_at, raw, sums, refused, partitions, offsets = columns
    return Stretch(
        first_offset,
        pa.array(received_at, pa.int64()).cast(_UTC),
        pa.array(raw, pa.binary()),
        pa.array(_rejects(keys, received_at, raw, refused, sums), pa.string()),
        _originals(partitions, offsets),
    )


def _rejects(*columns: Sequence[Any]) -> list[str | None]:
    return [
        refused if checksum(key, at, raw, refused) == stored else DAMAGED
        for key, at, raw, refused, stored in zip(*columns, strict=True)
    ]


def _originals(partitions: Sequence[int | None], offsets: Sequence[int | None]) -> pa.Array:
    if all(partition is None for partition in partitions):
        return pa.nulls(len(partitions), ORIGINAL)
    pairs = zip(partitions, offsets, strict=True)
    return pa.array(
        [None if p is None else {"partition": p, "offset": o} for p, o in pairs], ORIGINAL
    )
