"""Whether a table's log is as it was, by two looks at the disk, however often one asks.

Here: that question, between two real looks (tail.py). Not here: what came. Whoever finds nothing
new twenty times a second must not take a core for it.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from lakehouse import delta_log
from streaming.desk.tail import BEGINNING, Cursor

# After so long one looks in earnest all the same: a log can be broken in stranger ways.
TRUSTED: Final = timedelta(seconds=1)
_Stamp = tuple[int, int, int]


class Watch:
    """Watches the log of one table, where somebody has looked up to a cursor."""

    def __init__(self, table: Path) -> None:
        """Nobody has looked yet."""
        self._table = table
        self._cursor = BEGINNING
        self._stamp: _Stamp | None = None
        self._looked: datetime | None = None

    def is_still(self, cursor: Cursor, now: datetime) -> bool:
        """Whether a look would find nothing; False where it has to be taken, and is now."""
        stamp = _stamp(self._table, cursor.version)
        is_trusted = self._looked is not None and timedelta(0) <= now - self._looked < TRUSTED
        is_same = stamp is not None and (cursor, stamp) == (self._cursor, self._stamp)
        if is_trusted and is_same and _stamp(self._table, cursor.version + 1) is None:
            return True
        self._cursor, self._stamp, self._looked = cursor, stamp, now
        return False


def _stamp(table: Path, version: int) -> _Stamp | None:
    try:
        found = os.stat(delta_log.commit_path(table, version))  # noqa: PTH116 half the time
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
