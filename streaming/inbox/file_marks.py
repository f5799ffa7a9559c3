"""How much of a file is stored: the table in which an inbox notes it.

Here: its schema, writing a mark and reading one. Not here: which database holds it
(journal_files.py, kafka_notes.py), or files (streaming/gateway).
"""

import sqlite3
from typing import Final

from streaming.inbox.arrival import FilePart

SCHEMA: Final = """
create table if not exists files (
    feed text not null,
    sha256 text not null,
    upto integer not null,
    whole integer not null,
    primary key (feed, sha256)
) strict, without rowid;
"""
_MARK: Final = (
    "insert into files values (?, ?, ?, ?)"
    " on conflict do update set upto = excluded.upto, whole = excluded.whole"
)
_MARKED: Final = "select upto, whole from files where feed = ? and sha256 = ?"


def mark(database: sqlite3.Connection, file: FilePart) -> None:
    """Note how much of a file is stored."""
    database.execute(_MARK, (file.feed, file.sha256, file.upto, int(file.whole)))


def marked(database: sqlite3.Connection, feed: str, sha256: str) -> FilePart | None:
    """How much of a file is stored; None where nothing of it is."""
    row = database.execute(_MARKED, (feed, sha256)).fetchone()
    return None if row is None else FilePart(feed, sha256, row[0], bool(row[1]))
