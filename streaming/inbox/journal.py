"""The journal: the durable inbox of one machine, a SQLite database.

Here: storing messages in groups, each group one fsynced commit, and how far each feed has come. Not
here: reading it (journal_reading.py), forgetting (journal_trimming.py), or who groups
(streaming/gateway/intake.py).

A message's key is its feed's number and its offset in one integer, so that a feed's messages lie in
the order of their offsets and no second index is kept. SQLite's own order is write, fsync, then
show: what a reader sees is on the disk.
"""

import sqlite3
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lakehouse.failpoints import reach
from streaming.inbox.arrival import (
    JOURNAL_PARTITION,
    Arrival,
    FilePart,
    InboxFailedError,
    InboxFullError,
)

NAME: Final = "journal.sqlite"
# A key is place * PLACE + offset.
PLACE: Final = 1 << 44
SCHEMA: Final = """
create table if not exists places (
    place integer primary key,
    feed text not null unique,
    next_offset integer not null
) strict;
create table if not exists messages (
    key integer primary key,
    received_at integer not null,
    raw blob not null,
    checksum integer not null,
    road text not null,
    refused text,
    original_partition integer,
    original_offset integer
) strict;
create table if not exists files (
    feed text not null,
    sha256 text not null,
    upto integer not null,
    whole integer not null,
    primary key (feed, sha256)
) strict, without rowid;
"""
_INSERT = "insert into messages values (?, ?, ?, ?, ?, ?, ?, ?)"
_FILE = (
    "insert into files values (?, ?, ?, ?)"
    " on conflict do update set upto = excluded.upto, whole = excluded.whole"
)


class Journal:
    """An open journal, for writing."""

    def __init__(self, directory: Path, *, limit: int, first: dict[str, int]) -> None:
        """Open or make the journal in a directory.

        Args:
            directory: Made where it is missing; for its user alone.
            limit: Most bytes on the disk.
            first: Per feed, the least offset that its next message may have: what the lake has
                already must not be numbered again, whatever became of an older journal.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / NAME
        self._limit = limit
        self._first = first
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=30
        )
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")
        self._database.executescript(SCHEMA)

    def put(self, arrivals: Sequence[Arrival], file: FilePart | None = None) -> None:
        """As `Inbox.put`."""
        with self._lock:
            try:
                self._put(arrivals, file)
            except sqlite3.OperationalError as error:
                raise self._failure(error) from None

    def _put(self, arrivals: Sequence[Arrival], file: FilePart | None) -> None:
        database = self._database
        database.execute("begin immediate")
        try:
            for feed in {arrival.feed for arrival in arrivals}:
                mine = [arrival for arrival in arrivals if arrival.feed == feed]
                self._insert(feed, mine)
            if file is not None:
                row = (file.feed, file.sha256, file.upto, int(file.whole))
                database.execute(_FILE, row)
            reach("journal.written")
            database.execute("commit")
        except BaseException:
            if database.in_transaction:
                database.execute("rollback")
            raise
        reach("journal.synced")

    def _insert(self, feed: str, arrivals: Sequence[Arrival]) -> None:
        place, offset = self._place(feed)
        rows = [
            (
                place * PLACE + offset + number,
                arrival.received_at,
                arrival.raw,
                zlib.crc32(arrival.raw),
                arrival.road,
                arrival.refused,
                *(arrival.original or (None, None)),
            )
            for number, arrival in enumerate(arrivals)
        ]
        self._database.executemany(_INSERT, rows)
        self._database.execute(
            "update places set next_offset = ? where place = ?", (offset + len(rows), place)
        )

    def _place(self, feed: str) -> tuple[int, int]:
        found = self._database.execute(
            "select place, next_offset from places where feed = ?", (feed,)
        ).fetchone()
        if found is None:
            found = self._database.execute(
                "insert into places (feed, next_offset) values (?, 0) returning place, next_offset",
                (feed,),
            ).fetchone()
        return found[0], max(found[1], self._first.get(feed, 0))

    def file_progress(self, feed: str, sha256: str) -> FilePart | None:
        """As `Inbox.file_progress`."""
        with self._lock:
            row = self._database.execute(
                "select upto, whole from files where feed = ? and sha256 = ?", (feed, sha256)
            ).fetchone()
        return None if row is None else FilePart(feed, sha256, row[0], bool(row[1]))

    def check_room(self) -> None:
        """As `Inbox.check_room`."""

    def _failure(self, error: sqlite3.OperationalError) -> InboxFullError | InboxFailedError:
        if error.sqlite_errorcode in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY}:
            msg = f"the journal in {self._path.parent} takes nothing now: free space on its disk"
            return InboxFullError(msg)
        msg = f"the disk under the journal in {self._path.parent} failed: {error}"
        return InboxFailedError(msg)

    def close(self) -> None:
        """As `Inbox.close`."""
        self._database.close()


def partition_of(feed: str) -> tuple[str, int]:
    """The place of a feed's journaled messages in the lake."""
    return feed, JOURNAL_PARTITION
