"""Room for a journal: refusing long before a disk is full.

Here: how many bytes a journal takes, and whether more may come. Not here: making room
(journal_trimming.py).

A full disk is not only the journal's trouble: the lake that would let the journal forget lies on it
too. So the last of a disk is never taken. Room that was made within the file is used again and not
given back to the disk.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from streaming.inbox.arrival import InboxFullError
from streaming.inbox.journal_files import log_of
from streaming.metrics import INBOX_BYTES

# Of a disk, so much is left alone: the smaller of the two.
LEFT_BYTES: Final = 64 * 1024**2
LEFT_SHARE: Final = 0.05
# What is put stands in the log first and in the database later, for a time in both.
COPIES: Final = 2
# From this share of the limit on there is no room for what need not be kept.
PRESSED: Final = 0.8
# The log is brought into the database when it has grown so much: seldom enough to cost little.
LOG_BYTES: Final = 16 * 1024**2
# Of the limit, and of what is left of a disk, the log takes a small part only: without room to
# bring it into the database a journal would be stuck.
LOG_SHARE: Final = 1 / 16


@dataclass(frozen=True, slots=True)
class Room:
    """What a journal may take: at most `limit` bytes, and never the last of its disk.

    `log_bytes` is how far its log may grow before it is brought into the database.
    """

    path: Path
    limit: int
    log_bytes: int

    @classmethod
    def of(cls, path: Path, limit: int) -> Self:
        """The room of a journal whose directory exists."""
        small = min(limit, int(_left_alone(os.statvfs(path.parent)) * 4))
        return cls(path, limit, min(LOG_BYTES, int(small * LOG_SHARE)))

    def taken(self, free: int) -> int:
        """Bytes that the journal takes, less those free within its file."""
        return _size(self.path) + _size(log_of(self.path)) - free

    def is_pressed(self, free: int) -> bool:
        """Whether there is no room for what need not be kept."""
        disk = os.statvfs(self.path.parent)
        return self.taken(free) > PRESSED * self.limit or _left(disk) < 2 * _left_alone(disk)

    def check(self, more: int, free: int) -> None:
        """See whether so many more bytes may come, with so many free within the file.

        Raises:
            InboxFullError: They may not.
        """
        taken = self.taken(free)
        INBOX_BYTES.set(taken)
        if taken + more > self.limit:
            msg = (
                f"the journal {self.path} is full: it takes {taken:,} bytes and may take"
                f" {self.limit:,}; see that `pulsehouse stream` runs, so that it can forget, or"
                " raise the setting `journal_bytes`"
            )
            raise InboxFullError(msg)
        self._check_disk(COPIES * more - free)

    def _check_disk(self, more: int) -> None:
        disk = os.statvfs(self.path.parent)
        if disk.f_flag & os.ST_RDONLY:
            msg = (
                f"the journal {self.path} lies on a disk that is mounted read-only; mount it"
                " read-write"
            )
            raise InboxFullError(msg)
        left = _left(disk)
        if more > 0 and left - more < _left_alone(disk):
            msg = (
                f"the disk of the journal {self.path} is nearly full ({left:,} bytes are left);"
                " free space on that disk"
            )
            raise InboxFullError(msg)


def _left(disk: os.statvfs_result) -> int:
    return disk.f_bavail * disk.f_frsize


def _left_alone(disk: os.statvfs_result) -> int:
    return min(LEFT_BYTES, int(LEFT_SHARE * disk.f_blocks * disk.f_frsize))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
