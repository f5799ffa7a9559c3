"""The journal: the durable inbox of one machine, a SQLite database.

Here: storing messages in groups, each group one fsynced commit, and how far each feed has come. Not
here: its files (journal_files.py), its limits (journal_room.py), reading (journal_reading.py),
forgetting (journal_trimming.py), or who groups (streaming/gateway/intake.py).

A message's key is its feed's number and its offset in one integer, so that a feed's messages lie in
the order of their offsets and no second index is kept. SQLite's own order is write, fsync, then
show: what a reader sees is on the disk.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from lakehouse.errors import LakehouseError
from lakehouse.failpoints import reach
from streaming.inbox.arrival import Arrival, FilePart, InboxFailedError, InboxFullError
from streaming.inbox.file_marks import mark, marked
from streaming.inbox.journal_checkpoints import Checkpoints
from streaming.inbox.journal_faults import JournalDamagedError, failed, fault
from streaming.inbox.journal_files import NAME, file_number, log_of, opened
from streaming.inbox.journal_room import Room
from streaming.inbox.journal_rows import ROW_BYTES, store


class Journal:
    """An open journal, for writing."""

    def __init__(
        self,
        directory: Path,
        *,
        limit: int,
        first: Mapping[str, int],
        keep: timedelta = timedelta(days=1),
    ) -> None:
        """Open or make the journal in a directory.

        Args:
            directory: Made where it is missing; for its user alone.
            limit: Most bytes on the disk.
            first: Per feed, the least offset that its next message may have: what the lake has
                already must not be numbered again, whatever became of an older journal.
            keep: How long a message stays once the lake has it.

        Raises:
            JournalDamagedError: The file there cannot be read as a journal.
            InboxFullError, InboxDownError, InboxFailedError: As `Inbox.put`.
        """
        self.path = directory / NAME
        self.keep = keep
        self._database = opened(self.path)
        self._room = Room.of(self.path, limit)
        self._first = dict(first)
        self._lock = threading.Lock()
        self._failure: LakehouseError | None = None
        self._checkpoints = Checkpoints(self.path, self._room.log_bytes, self._lock, self._fail)
        self._free = self._refused = 0
        with self._held() as database:
            self._checkpoints.begin(database)
            self._free = _free_bytes(database)
        self._files = _numbers(self.path)
        self._check_failure()

    def put(self, arrivals: Sequence[Arrival], file: FilePart | None = None) -> None:
        """As `Inbox.put`; a replay whose original was replayed before adds nothing.

        Raises:
            InboxFullError, InboxDownError, InboxFailedError: As `Inbox.put`.
            JournalDamagedError: The database is torn.
        """
        more = sum(len(arrival.raw) + ROW_BYTES for arrival in arrivals)
        with self._held() as database:
            self._check_for(more, alone=len(arrivals) == 1)
            with _transaction(database):
                store(database, arrivals, self._first)
                if file is not None:
                    mark(database, file)
                free = _free_bytes(database)
                reach("journal.written")
            self._free = free
            reach("journal.synced")
            self._checkpoints.wrote(more, database)

    def file_progress(self, feed: str, sha256: str) -> FilePart | None:
        """As `Inbox.file_progress`."""
        with self._held() as database:
            return marked(database, feed, sha256)

    def check_room(self) -> None:
        """As `Inbox.check_room`, for what was refused last; it never waits for a put."""
        self._check_failure()
        self._check(max(ROW_BYTES, self._refused))
        self._refused = 0

    @property
    def log_bytes(self) -> int:
        """How far the log may grow."""
        return self._room.log_bytes

    @property
    def is_pressed(self) -> bool:
        """Whether there is no room for what the lake has already."""
        return self._room.is_pressed(self._free)

    def places(self) -> list[tuple[int, str]]:
        """The number and the feed of each place."""
        with self._held() as database:
            return database.execute("select place, feed from places").fetchall()

    def upkeep(self, step: Callable[[sqlite3.Connection], int]) -> int:
        """Run one short step in a commit of its own; it says how many bytes it touched.

        A disk that is full of the log has room once the log is in the database; then it is tried
        again.
        """
        try:
            return self._upkeep(step)
        except InboxFullError:
            with self._held() as database:
                self._checkpoints.copy(database)
            return self._upkeep(step)

    def _upkeep(self, step: Callable[[sqlite3.Connection], int]) -> int:
        with self._held() as database:
            with _transaction(database):
                touched = step(database)
                free = _free_bytes(database)
            self._free = free
            self._checkpoints.wrote(touched, database)
        return touched

    def close(self) -> None:
        """As `Inbox.close`; after a failure the files are left as they are, unsynced."""
        self._checkpoints.close()
        with self._lock:
            if self._failure is None:
                self._database.close()

    @contextmanager
    def _held(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time; errors are in our own words."""
        with self._lock:
            self._check_failure()
            try:
                yield self._database
            except sqlite3.Error as error:
                found = fault(error, self.path)
                self._fail(found)
                raise found from None

    def _check_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _fail(self, error: LakehouseError) -> None:
        """Note an error after which nothing may be asked of these files again."""
        if isinstance(error, InboxFailedError | JournalDamagedError):
            self._failure = error
            self._checkpoints.end()
        elif isinstance(error, InboxFullError):
            # It may be the log that fills the disk; who is refused has room once it is copied.
            self._checkpoints.wake()

    def _check_for(self, more: int, *, alone: bool) -> None:
        """Check for a put. What is refused alone is what there must be room for from then on."""
        try:
            self._check(more)
        except InboxFullError:
            self._refused = max(self._refused, more) if alone else self._refused
            raise

    def _check(self, more: int) -> None:
        try:
            same = _numbers(self.path) == self._files
            self._room.check(more, self._free)
        except OSError:
            same = False
        if not same:
            why = "a file of it was moved away or replaced while it was open"
            error = failed(self.path, why)
            self._fail(error)
            raise error


def _numbers(path: Path) -> tuple[int | None, int | None]:
    """Of the database and its log: SQLite goes on writing to either after it was removed."""
    return file_number(path), file_number(log_of(path))


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    """One commit, forced onto the disk; or nothing."""
    database.execute("begin immediate")
    try:
        yield
        database.execute("commit")
    except BaseException:
        # Where SQLite cannot roll back it has done so already; the first error is the one to tell.
        with suppress(sqlite3.Error):
            database.execute("rollback")
        raise


def _free_bytes(database: sqlite3.Connection) -> int:
    (pages,) = database.execute("pragma freelist_count").fetchone()
    (size,) = database.execute("pragma page_size").fetchone()
    return int(pages) * int(size)
