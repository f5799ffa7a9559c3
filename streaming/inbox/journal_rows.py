"""What a put writes: messages under their keys.

Here: numbering, and skipping replays of what was replayed before. Not here: the transaction around
it, or whether there is room (journal.py).
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from streaming.inbox.arrival import Arrival
from streaming.inbox.journal_files import PLACE, checksum

# What a record takes beside its bytes.
ROW_BYTES: Final = 64
_INSERT: Final = "insert into messages values (?, ?, ?, ?, ?, ?, ?, ?)"
_REPLAYED: Final = (
    "select 1 from messages where key >> 44 = ? and original_partition = ? and original_offset = ?"
)


def store(
    database: sqlite3.Connection, arrivals: Sequence[Arrival], first: Mapping[str, int]
) -> None:
    """Insert messages, each feed's with the next offsets, none below its first."""
    for feed in dict.fromkeys(arrival.feed for arrival in arrivals):
        mine = [arrival for arrival in arrivals if arrival.feed == feed]
        _store(database, feed, mine, first.get(feed, 0))


def _store(
    database: sqlite3.Connection, feed: str, arrivals: Sequence[Arrival], first: int
) -> None:
    place, following = _place(database, feed)
    offset = max(following, first)
    rows = [
        _row(place * PLACE + offset + number, arrival)
        for number, arrival in enumerate(_fresh(database, place, arrivals))
    ]
    database.executemany(_INSERT, rows)
    database.execute(
        "update places set next_offset = ? where place = ?", (offset + len(rows), place)
    )


def _place(database: sqlite3.Connection, feed: str) -> tuple[int, int]:
    """A feed's place and next offset; a new feed gets the next place."""
    database.execute("insert or ignore into places (feed, next_offset) values (?, 0)", (feed,))
    query = "select place, next_offset from places where feed = ?"
    place, following = database.execute(query, (feed,)).fetchone()
    return place, following


def _fresh(
    database: sqlite3.Connection, place: int, arrivals: Sequence[Arrival]
) -> Iterator[Arrival]:
    """The messages without replays of what was replayed before."""
    seen: set[tuple[int, int]] = set()
    for arrival in arrivals:
        original = arrival.original
        if original is not None:
            found = database.execute(_REPLAYED, (place, *original)).fetchone()
            if original in seen or found is not None:
                continue
            seen.add(original)
        yield arrival


def _row(key: int, arrival: Arrival) -> tuple[int | bytes | str | None, ...]:
    return (
        key,
        arrival.received_at,
        arrival.raw,
        checksum(key, arrival.received_at, arrival.raw, arrival.refused),
        arrival.road,
        arrival.refused,
        *(arrival.original or (None, None)),
    )
