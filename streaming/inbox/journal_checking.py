"""Looking at a journal, and changing nothing.

Here: whether its database is whole, its newest records are what was stored, and it follows on from
the lake. Not here: reading it for the dataflow (journal_reading.py), or mending.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lakehouse.cuts import Cut
from lakehouse.doctor.findings import REPAIR, Finding
from lakehouse.losses import Run
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal_files import NAME, PLACE, SALVAGED, TORN_LOG, checksum, log_of
from streaming.inbox.journal_log import is_damaged

# Records per feed whose checksums are looked at, the newest.
RECORDS: Final = 10_000
_WHOLE: Final = "ok"
_SALVAGE: Final = f"stop gateway and stream; {REPAIR}: it salvages what is whole"
# What only a salvage mends.
TORN: Final = frozenset({"journal_torn", "journal_unreadable"})


def journal_findings(directory: Path, at: Cut | None, lost: dict[str, list[Run]]) -> list[Finding]:
    """What is wrong with a journal; nothing where there is none.

    Args:
        directory: Where it lies.
        at: The lake's cut; None where it cannot be read.
        lost: Per feed, the offsets whose loss is recorded already.
    """
    if (directory / SALVAGED).exists():
        return [Finding("journal_torn", "journal", "a repair of it was broken off", _SALVAGE)]
    if not (directory / NAME).exists():
        return []
    if is_damaged(log_of(directory / NAME)):
        return [Finding("journal_torn", "journal", TORN_LOG, _SALVAGE)]
    try:
        database = _opened(directory / NAME)
    except sqlite3.Error as error:
        return [_unreadable(error)]
    try:
        return [*_torn(database), *_feeds(database, at, lost)]
    except sqlite3.Error as error:
        return [_unreadable(error)]
    finally:
        database.close()


def _opened(path: Path) -> sqlite3.Connection:
    place = path.absolute().as_uri()
    database = sqlite3.connect(f"{place}?mode=ro", uri=True, isolation_level=None)
    try:
        database.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.OperationalError:
        database.close()
        if _log_bytes(path):
            raise
        # A disk that is only read takes none of SQLite's own files beside the database.
        database = sqlite3.connect(f"{place}?immutable=1", uri=True, isolation_level=None)
    database.text_factory = lambda text: text.decode(errors="replace")
    return database


def _log_bytes(path: Path) -> int:
    log = log_of(path)
    return log.stat().st_size if log.exists() else 0


def _torn(database: sqlite3.Connection) -> Iterator[Finding]:
    (verdict, *_), *_more = database.execute("pragma quick_check(1)").fetchall()
    if verdict != _WHOLE:
        cause = "its database is torn"
        yield Finding("journal_torn", "journal", cause, _SALVAGE)


def _feeds(
    database: sqlite3.Connection, at: Cut | None, lost: dict[str, list[Run]]
) -> Iterator[Finding]:
    for place, feed, following in database.execute(
        "select place, feed, next_offset from places"
    ).fetchall():
        if _newest(database, place) >= following:
            cause = f"feed `{feed}` has messages beyond the offset that its next one would have"
            yield Finding("journal_torn", "journal", cause, _SALVAGE)
        if damaged := _damaged(database, place):
            cause = f"{damaged} of the newest records of feed `{feed}` are not what was stored"
            remedy = "nothing to do: the stream quarantines them as journal_damaged and records it"
            yield Finding("journal_record_damaged", "journal", cause, remedy)
        if at is not None:
            start = at.next_offset(feed, JOURNAL_PARTITION)
            oldest = _oldest(database, place, following)
            yield from _position(feed, start, oldest, following, lost.get(feed, []))


def _damaged(database: sqlite3.Connection, place: int) -> int:
    rows = database.execute(
        "select key, received_at, raw, refused, checksum from messages"
        " where key >= ? and key < ? order by key desc limit ?",
        (place * PLACE, (place + 1) * PLACE, RECORDS),
    )
    return sum(checksum(*stored) != summed for *stored, summed in rows)


def _newest(database: sqlite3.Connection, place: int) -> int:
    (key,) = database.execute(
        "select max(key) from messages where key >= ? and key < ?",
        (place * PLACE, (place + 1) * PLACE),
    ).fetchone()
    return -1 if key is None else int(key) - place * PLACE


def _oldest(database: sqlite3.Connection, place: int, following: int) -> int:
    (key,) = database.execute(
        "select min(key) from messages where key >= ? and key < ?",
        (place * PLACE, (place + 1) * PLACE),
    ).fetchone()
    return following if key is None else int(key) - place * PLACE


def _position(
    feed: str, start: int, oldest: int, following: int, lost: list[Run]
) -> Iterator[Finding]:
    if following < start:
        cause = f"feed `{feed}` is at offset {following} there, and at {start} in the lake"
        remedy = "nothing to do: the gateway goes on from the lake; was an older journal put back?"
        yield Finding("journal_behind", "journal", cause, remedy)
    told = any(first <= start and last >= oldest - 1 for first, last in lost)
    if start < oldest and not told:
        cause = f"offsets {start} to {oldest - 1} of feed `{feed}` are in neither lake nor journal"
        remedy = (
            "have their sender send them again; the stream records the loss when it starts, and"
            " goes on"
        )
        yield Finding("journal_gap", "journal", cause, remedy)


def _unreadable(error: sqlite3.Error) -> Finding:
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return Finding("journal_unreadable", "journal", f"it cannot be read ({name})", _SALVAGE)
