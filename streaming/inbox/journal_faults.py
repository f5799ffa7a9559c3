"""What went wrong under a journal, in our own words.

Here: which of SQLite's errors mean no room, which a failed disk, which a damaged file, and what to
do about each. Not here: the limits that refuse long before the disk does (journal_room.py).

A disk that failed is never asked again on the same descriptor: the kernel forgets what it could not
write, so a second fsync that succeeds proves nothing.
"""

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final

from lakehouse.errors import LakehouseError
from lakehouse.lake import REMEDIES
from streaming.inbox.arrival import InboxDownError, InboxFailedError, InboxFullError

# The lower byte of an extended code is the kind.
_KIND: Final = 0xFF
_DAMAGED: Final = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT}
)
_HELD: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_CLOSED: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})
_UNSYNCED: Final = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})
# What a person mends while the process goes on.
_PASSING: Final = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM),
        *(errno.ENOENT, errno.ENOTDIR, errno.EEXIST),
    }
)
_PROBE_BYTES: Final = 64 * 1024


class JournalDamagedError(LakehouseError):
    """The journal's database is torn, or is none."""

    exit_code = 4


def fault(error: sqlite3.Error, path: Path) -> LakehouseError:
    """The error of ours that an error of SQLite is, for the journal at a path."""
    code: int = getattr(error, "sqlite_errorcode", 0) or 0
    kind = code & _KIND
    if kind in _DAMAGED:
        return damaged(path, f"its database is not whole ({_name(error)})")
    if kind in _HELD:
        msg = f"another process holds the journal {path}; try again, or see what it is doing"
        return InboxDownError(msg)
    if kind == sqlite3.SQLITE_FULL:
        return _refused(path, errno.ENOSPC)
    if code not in _UNSYNCED and (kind == sqlite3.SQLITE_IOERR or kind in _CLOSED):
        # SQLite does not tell why; a write of our own does.
        why = _probe(path.parent)
        if why in _PASSING:
            return _refused(path, why)
        if not why and kind in _CLOSED:
            return _refused(path, errno.EACCES)
    return failed(path, _name(error))


def os_fault(error: OSError, path: Path) -> LakehouseError:
    """The error of ours that an error of the operating system is."""
    why = error.errno or errno.EIO
    return _refused(path, why) if why in _PASSING else failed(path, os.strerror(why))


def damaged(path: Path, why: str) -> JournalDamagedError:
    """The error that says what to do with a journal that cannot be read."""
    msg = (
        f"the journal {path} is damaged: {why}; stop gateway and stream and run `pulsehouse doctor"
        " --repair`: it moves the journal aside and puts every message that is whole into a new one"
    )
    return JournalDamagedError(msg)


def other_version(path: Path, found: int, ours: int) -> JournalDamagedError:
    """The error that says of a journal that another release wrote it."""
    msg = (
        f"the journal {path} is of another release: its version is {found}, and this one"
        f" reads {ours}; start the release that wrote it"
    )
    return JournalDamagedError(msg)


def failed(path: Path, why: str) -> InboxFailedError:
    """The error after which the process must end."""
    msg = (
        f"the disk under the journal {path} failed ({why}): look at the disk, then start again;"
        " what was not acknowledged is sent again by its senders"
    )
    return InboxFailedError(msg)


def _refused(path: Path, why: int) -> InboxFullError:
    remedy = REMEDIES.get(why, "give this user permission to write there")
    msg = f"the journal {path} takes nothing now: {os.strerror(why)}; {remedy}"
    return InboxFullError(msg)


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _probe(directory: Path) -> int:
    place = directory / f".probe.{os.getpid()}"
    try:
        with place.open("wb") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno or errno.EIO
    finally:
        _forget(place)
    return 0


def _forget(place: Path) -> None:
    try:
        place.unlink(missing_ok=True)
    except OSError:
        return
