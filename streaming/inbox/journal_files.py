"""The journal's files: its directory, its database, and what is in it.

Here: making them for their user alone, opening connections that force every commit onto the disk,
and the schema. Not here: what is written (journal.py) or read (journal_reading.py).

SQLite locks with POSIX locks, which a process loses as soon as it closes any descriptor of the same
file. So an existing database is opened by SQLite and by nobody else.
"""

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lakehouse import durable
from streaming.inbox import file_marks
from streaming.inbox.journal_faults import damaged, fault, os_fault, other_version
from streaming.inbox.journal_log import is_damaged

NAME: Final = "journal.sqlite"
# A new journal that a repair has finished and not put in place yet (journal_salvage.py).
SALVAGED: Final = NAME + ".salvaged"
# A key is place * PLACE + offset.
PLACE: Final = 1 << 44
VERSION: Final = 1
TORN_LOG: Final = "its log is damaged before messages that were acknowledged"
# How long another process may hold the journal before a put gives up.
PATIENCE_SECONDS: Final = 10.0
SCHEMA: Final = f"""
begin immediate;
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
create unique index if not exists originals
    on messages (key >> 44, original_partition, original_offset)
    where original_partition is not null;
{file_marks.SCHEMA}
pragma user_version = {VERSION};
commit;
"""


def checksum(key: int, received_at: int, raw: bytes, refused: str | None) -> int:
    """What tells a record that was changed on the disk from the one that was stored."""
    seed = (key ^ received_at) & 0xFFFFFFFF
    return zlib.crc32(raw, seed if refused is None else zlib.crc32(refused.encode(), seed))


def opened(path: Path) -> sqlite3.Connection:
    """A connection for writing to a journal; it is made where it is missing.

    On return the journal's files survive a power loss, and so does every commit of the connection.

    Raises:
        JournalDamagedError: The file there is no journal, or of another version.
        InboxFullError, InboxDownError, InboxFailedError: As `Inbox.put`.
    """
    try:
        _make_directory(path.parent)
        with alone(path.parent):
            if path.with_name(SALVAGED).exists():
                raise damaged(path, "a repair of it was broken off")
            # Once SQLite has opened it, what lies behind the damage is written over.
            if is_damaged(log_of(path)):
                raise damaged(path, TORN_LOG)
            _make_file(path)
            database = connected(path)
            _lay(database, path)
            # The names of the database and of its log.
            durable.sync(path.parent)
            return database
    except sqlite3.Error as error:
        raise fault(error, path) from None
    except OSError as error:
        raise os_fault(error, path) from None


def connected(path: Path) -> sqlite3.Connection:
    """A connection for writing to a journal that is there; SQLite's own errors."""
    database = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=PATIENCE_SECONDS
    )
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    # SQLite's own checkpoints pass over a disk that fails: ours tell (journal_checkpoints.py).
    database.execute("pragma wal_autocheckpoint = 0")
    return database


def limit_log(database: sqlite3.Connection, size: int) -> None:
    """Cut the log back to a size whenever it begins anew."""
    database.execute(f"pragma journal_size_limit = {size}")


def log_of(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(path.name + "-wal")


def file_number(path: Path) -> int | None:
    """What tells a file from another one of the same name; None where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def connected_to_read(path: Path) -> sqlite3.Connection | None:
    """A connection that cannot write; None while the journal is being made."""
    place = path.absolute().as_uri() + "?mode=ro"
    try:
        database = sqlite3.connect(
            place, uri=True, isolation_level=None, check_same_thread=False, timeout=PATIENCE_SECONDS
        )
        # Bytes that are no text must reach the checksum, not stop the reader.
        database.text_factory = lambda text: text.decode(errors="replace")
        (version,) = database.execute("pragma user_version").fetchone()
    except sqlite3.Error as error:
        raise fault(error, path) from None
    if version == 0:
        database.close()
        return None
    return database


def _lay(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("pragma user_version").fetchone()
    if version not in {0, VERSION}:
        raise other_version(path, version, VERSION)
    if version == 0:
        database.executescript(SCHEMA)


def _make_directory(directory: Path) -> None:
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        durable.sync(folder.parent)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Only one process at a time makes a journal: SQLite does not wait while its mode changes."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_file(path: Path) -> None:
    # SQLite gives its other files the mode of this one, whatever the umask.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
