"""Salvage: a new journal out of one whose database is torn.

Here: every message that is still what was stored, at its own offset, in a new journal, and the old
one moved aside. Not here: reading torn pages (journal_pages.py), what is lost for it and who is
told (pulsehouse/doctor_salvage.py).

The new journal is complete and on the disk before the old one is touched. What SQLite gives comes
first; what lies in the pages and it does not find comes after that, where the checksum holds. At
last come those that SQLite gives damaged: the stream quarantines them.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from lakehouse import durable
from streaming.inbox import journal_pages
from streaming.inbox.arrival import InboxDownError
from streaming.inbox.journal_faults import fault, os_fault
from streaming.inbox.journal_files import NAME, PLACE, SALVAGED, alone, checksum, opened

ASIDE: Final = "_quarantine"
DRAFT: Final = ".salvage"
_LOG: Final = "-wal"
_INDEX: Final = "-shm"
# Where SQLite locks its index for as long as a connection lasts.
_CONNECTED: Final = 128
_PUT: Final = "insert or ignore into messages values (?, ?, ?, ?, ?, ?, ?, ?)"
_MESSAGES: Final = "select * from messages where key > ? order by key"
_BACKWARDS: Final = "select * from messages where key > ? order by key desc"
_NAMELESS: Final = "delete from messages where key >> 44 not in (select place from places)"
_COLUMNS: Final = 8
_PLACE_COLUMNS: Final = 3
# Feeds of one deployment are fewer; a greater number is no place.
_MOST_PLACES: Final = 100_000

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What came of it: how many messages, how far each feed had come, where the old one lies."""

    messages: int
    following: Mapping[str, int]
    folder: Path
    # Offsets that are missing, per feed, from the given first one on.
    missing: Mapping[str, list[tuple[int, int]]]


@dataclass(slots=True)
class _Found:
    """What both ways of reading gather beside the messages."""

    places: dict[int, tuple[str, int]] = field(default_factory=dict)
    files: list[Row] = field(default_factory=list)
    damaged: list[Row] = field(default_factory=list)

    def place(self, number: int, feed: str, following: int) -> None:
        _, before = self.places.get(number, (feed, 0))
        self.places[number] = (feed, max(before, following))


def is_broken_off(directory: Path) -> bool:
    """Whether a salvage was broken off between the old journal and the new one."""
    return (directory / SALVAGED).exists()


def salvage(directory: Path, first: Mapping[str, int], now: datetime) -> Salvaged:
    """Put a new journal in the place of a torn one; the lake's lock is held by whoever calls.

    Args:
        directory: Where it lies.
        first: Per feed, the first offset that the lake lacks; those missing from it on are told.
        now: When, for the folder's name.

    Raises:
        InboxDownError: A process has the journal open.
        InboxFullError, InboxFailedError: There is no room for another one, or the disk failed.
    """
    path = directory / NAME
    try:
        with alone(directory), _nobody_else(path):
            folder = _folder(directory, now)
            if not is_broken_off(directory):
                _build(directory, first)
            _swap(path, folder)
            return _told(path, first, folder)
    except sqlite3.Error as error:
        raise fault(error, path) from None
    except OSError as error:
        raise os_fault(error, path) from None


@contextmanager
def _nobody_else(path: Path) -> Iterator[None]:
    """Make sure that no other process has the journal open."""
    index = path.with_name(path.name + _INDEX)
    if not index.exists():
        yield
        return
    descriptor = os.open(index, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _CONNECTED)
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, _CONNECTED)
    except BlockingIOError:
        msg = f"a process has the torn journal {path} open: stop the gateway, then repair again"
        raise InboxDownError(msg) from None
    finally:
        os.close(descriptor)
    yield


def _folder(directory: Path, now: datetime) -> Path:
    name = now.strftime("%Y%m%dT%H%M%SZ")
    base = directory / ASIDE
    base.mkdir(mode=0o700, exist_ok=True)
    folder = next(
        one for k in range(1_000) if not (one := base / (f"{name}-{k}" if k else name)).exists()
    )
    folder.mkdir(mode=0o700)
    durable.sync(base)
    durable.sync(directory)
    return folder


def _build(directory: Path, first: Mapping[str, int]) -> None:
    """A whole journal beside the torn one, under the name that says so."""
    draft = directory / DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    with closing(opened(draft / NAME)) as new:
        _fill(new, directory / NAME, first)
        new.execute("pragma wal_checkpoint(truncate)")
    durable.sync(draft / NAME)
    (draft / NAME).rename(directory / SALVAGED)
    durable.sync(directory)
    shutil.rmtree(draft, ignore_errors=True)


def _fill(new: sqlite3.Connection, torn: Path, first: Mapping[str, int]) -> None:
    found = _Found()
    _put(new, _given(torn, found))
    _put(new, _scanned(torn, found))
    _put(new, found.damaged)
    with suppress(sqlite3.Error):
        new.executemany("insert or ignore into files values (?, ?, ?, ?)", found.files)
    for place, (feed, following) in found.places.items():
        reached = max(following, first.get(feed, 0), _end(new, place))
        values = (place, feed, reached)
        new.execute("insert or ignore into places values (?, ?, ?)", values)
    # Without its feed's name a message is nobody's.
    new.execute(_NAMELESS)


def _put(new: sqlite3.Connection, rows: Iterable[Row]) -> None:
    new.execute("begin immediate")
    for row in rows:
        # A row that is torn may be of other kinds than the columns are.
        with suppress(sqlite3.IntegrityError):
            new.execute(_PUT, row)
    new.execute("commit")


def _end(new: sqlite3.Connection, place: int) -> int:
    query = "select max(key) from messages where key >= ? and key < ?"
    (key,) = new.execute(query, (place * PLACE, (place + 1) * PLACE)).fetchone()
    return 0 if key is None else int(key) - place * PLACE + 1


def _given(torn: Path, found: _Found) -> Iterator[Row]:
    """What SQLite reads of it: forwards to the damage, and backwards to it."""
    with suppress(sqlite3.Error), closing(_read_only(torn)) as old:
        with suppress(sqlite3.Error):
            for place, feed, following in old.execute("select * from places"):
                found.place(place, feed, following)
        with suppress(sqlite3.Error):
            found.files += old.execute("select * from files").fetchall()
        last = 0
        try:
            for row in old.execute(_MESSAGES, (0,)):
                last = row[0]
                yield from _sorted_out(row, found)
        except sqlite3.Error:
            for row in old.execute(_BACKWARDS, (last,)):
                yield from _sorted_out(row, found)


def _sorted_out(row: Row, found: _Found) -> Iterator[Row]:
    if is_whole(row):
        yield row
    else:
        found.damaged.append(row)


def _read_only(path: Path) -> sqlite3.Connection:
    old = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True, isolation_level=None)
    old.text_factory = lambda text: text.decode(errors="replace")
    return old


def _scanned(torn: Path, found: _Found) -> Iterator[Row]:
    """What lies in its pages and in its log's, as far as the checksums hold."""
    for number, values in journal_pages.rows(torn, torn.with_name(torn.name + _LOG)):
        # The number of a row is its first column, which is stored as null.
        if len(values) == _COLUMNS and values[0] is None:
            row = (number, values[1], values[2], values[3], *map(_text, values[4:6]), *values[6:])
            if is_whole(row):
                yield row
        elif len(values) == _PLACE_COLUMNS and values[0] is None and number <= _MOST_PLACES:
            feed, following = _text(values[1]), values[2]
            if isinstance(feed, str) and isinstance(following, int):
                found.place(number, feed, following)


def _text(value: journal_pages.Value) -> str | int | None:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def is_whole(row: Row) -> bool:
    """Whether a record is what was stored."""
    key, at, raw, summed, road, refused, *_ = row
    kinds = (key, int), (at, int), (raw, bytes), (summed, int), (road, str)
    if not all(isinstance(value, kind) for value, kind in kinds):
        return False
    return isinstance(refused, str | None) and checksum(key, at, raw, refused) == summed


def _swap(path: Path, folder: Path) -> None:
    """Move the torn files aside, then the new one into their place; the log before its database.

    Broken off in between there is no journal, and the new one under the name that says so.
    """
    done = path.with_name(SALVAGED)
    for name in (path.name, path.name + _LOG, path.name + _INDEX):
        with suppress(FileNotFoundError):
            path.with_name(name).rename(folder / name)
    durable.sync(folder)
    durable.sync(path.parent)
    done.rename(path)
    durable.sync(path.parent)


def _told(path: Path, first: Mapping[str, int], folder: Path) -> Salvaged:
    with closing(_read_only(path)) as new:
        (messages,) = new.execute("select count(*) from messages").fetchone()
        places = new.execute("select place, feed, next_offset from places").fetchall()
        missing = {
            feed: runs
            for place, feed, following in places
            if (runs := list(_missing(new, place, first.get(feed, 0), following)))
        }
    following = {feed: offset for _, feed, offset in places}
    return Salvaged(messages, following, folder, missing)


def _missing(
    new: sqlite3.Connection, place: int, start: int, following: int
) -> Iterator[tuple[int, int]]:
    keys = new.execute(
        "select key from messages where key >= ? and key < ? order by key",
        (place * PLACE + start, place * PLACE + following),
    )
    for (key,) in keys:
        if key - place * PLACE > start:
            yield start, key - place * PLACE - 1
        start = key - place * PLACE + 1
    if start < following:
        yield start, following - 1
