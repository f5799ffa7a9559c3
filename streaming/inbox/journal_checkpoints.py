"""Bringing the journal's log into its database, beside the puts.

Here: when, on a thread and a connection of their own, so that no put waits for it. Not here: puts
(journal.py).

While puts go on, a checkpoint never reaches the log's end, and a log that is not wholly in the
database cannot begin anew: it would grow for as long as messages come. So nearly all is copied
beside the puts, and the little that came meanwhile with puts held off. Errors are ours to see:
SQLite's own checkpoints pass over a disk that fails.
"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from lakehouse.errors import LakehouseError
from streaming.inbox.journal_faults import fault
from streaming.inbox.journal_files import connected, limit_log

# What a commit adds to the log beside its messages: pages that it shares with the one before.
COMMIT_BYTES: Final = 16 * 1024
# Where the thread falls so many times behind, a put copies the log itself.
BEHIND: Final = 4
_COPY: Final = "pragma wal_checkpoint(passive)"
_EMPTY: Final = "pragma wal_checkpoint(truncate)"


class Checkpoints:
    """The checkpoints of one open journal; the thread starts when it is first needed."""

    def __init__(
        self,
        path: Path,
        log_bytes: int,
        puts: threading.Lock,
        fail: Callable[[LakehouseError], object],
    ) -> None:
        """Copy nothing yet.

        Args:
            path: The database.
            log_bytes: How far the log may grow.
            puts: Held by every put.
            fail: Told of what goes wrong; no room is no failure.
        """
        self._path = path
        self._log_bytes = log_bytes
        self._puts = puts
        self._fail = fail
        self._grown = 0
        self._due = threading.Event()
        self._is_ended = False
        self._thread: threading.Thread | None = None

    def begin(self, database: sqlite3.Connection) -> None:
        """Copy what an earlier process left, so that the log begins anew; limit how it grows.

        After a failed disk the log may hold what never reached it, and a reader of the log stops
        there: nothing may be promised behind it.
        """
        limit_log(database, 2 * self._log_bytes)
        self._try(lambda: database.execute(_EMPTY))

    def wrote(self, size: int, database: sqlite3.Connection) -> None:
        """Count a commit of so many bytes, with puts held off."""
        self._grown += size + COMMIT_BYTES
        if self._grown >= BEHIND * self._log_bytes:
            self._try(lambda: self.copy(database))
        elif self._grown >= self._log_bytes:
            self.wake()

    def copy(self, database: sqlite3.Connection) -> None:
        """Bring the log into the database, with puts held off."""
        # Also where it fails: the next attempt is due when the log has grown as much again.
        self._grown = 0
        database.execute(_COPY)

    def end(self) -> None:
        """Copy nothing any more."""
        self._is_ended = True
        self._due.set()

    def close(self) -> None:
        """End, and let go of the database."""
        self.end()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Have the thread bring the log into the database soon, however little it holds."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._try, args=(self._run,), name="checkpoints", daemon=True
            )
            self._thread.start()
        self._due.set()

    def _run(self) -> None:
        with closing(connected(self._path)) as database:
            limit_log(database, 2 * self._log_bytes)
            while self._due.wait() and not self._is_ended:
                self._due.clear()
                database.execute(_COPY)
                with self._puts:
                    if not self._is_ended:
                        self.copy(database)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except sqlite3.Error as error:
            self._fail(fault(error, self._path))
