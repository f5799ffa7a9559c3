"""What a deployment with Kafka keeps on its own disk: stored files, and topics that it knows.

Here: a small SQLite database. Not here: messages, which are Kafka's.

A file's progress is written after its messages were stored. A crash between the two gives those
messages twice, and the second time they are duplicates by their control id.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from streaming.inbox import file_marks
from streaming.inbox.arrival import FilePart, InboxFailedError

NAME: Final = "kafka.sqlite"
_SCHEMA: Final = f"""
{file_marks.SCHEMA}
create table if not exists topics (
    topic text not null,
    generation integer not null,
    identity text not null,
    primary key (topic, generation)
) strict, without rowid;
"""
_KNOWN: Final = "select identity from topics where topic = ? and generation = ?"


class Notes:
    """The open database. Safe to use from several threads, and from several processes."""

    def __init__(self, directory: Path) -> None:
        """Open it, or make it, in a directory for its user alone."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / NAME
        self._path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=30
        )
        self._ask("pragma journal_mode = wal")
        self._ask("pragma synchronous = full")
        with self._lock:
            self._database.executescript(_SCHEMA)

    def keep(self, file: FilePart) -> None:
        """Write down how much of a file is stored."""
        with self._asked() as database:
            file_marks.mark(database, file)

    def progress(self, feed: str, sha256: str) -> FilePart | None:
        """How much of a file is stored; None where nothing of it is."""
        with self._asked() as database:
            return file_marks.marked(database, feed, sha256)

    def is_known(self, topic: str, generation: int, identity: str) -> bool:
        """Whether a topic is the one that was known before; the first one that is seen is."""
        found = self._ask(_KNOWN, topic, generation)
        if not found:
            self._ask("insert or ignore into topics values (?, ?, ?)", topic, generation, identity)
            found = self._ask(_KNOWN, topic, generation)
        return bool(found[0][0] == identity)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def _ask(self, sql: str, *values: str | int) -> list[tuple[str | int, ...]]:
        with self._asked() as database:
            return database.execute(sql, values).fetchall()

    @contextmanager
    def _asked(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._database
            except sqlite3.Error as error:
                msg = (
                    f"cannot use {self._path}: {error.sqlite_errorname}; free space on that disk,"
                    " or mend its permissions"
                )
                raise InboxFailedError(msg) from None
