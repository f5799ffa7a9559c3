"""One dataflow per lake.

Here: the dataflow's exclusive lock, its holder's process number, and a fencing number that grows
with every holder. The kernel frees the lock when its holder, and every process that it lent the
lock to, is dead, however it died. Not here: what the holder does.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import FencedError, LakeLockedError, LakeNotWritableError
from lakehouse.lake import Lake

NAME = "dataflow.lock"
# Fixed width, so that a new holder overwrites the record in place, within one sector.
RECORD = "{fence:020d} {pid:010d}\n"
RECORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Holding:
    """The lock as it is held: by whoever has the descriptor open, its own or an inherited one."""

    path: Path
    descriptor: int
    fence: int

    def check(self) -> None:
        """Make sure that nobody else became the lake's dataflow; asked before every commit.

        Raises:
            FencedError: The lock file was replaced or taken over: what is not committed yet is
                the other's to commit.
        """
        if not (self._is_in_place() and _record(self.descriptor)[0] == self.fence):
            msg = (
                f"another dataflow took over the lake at {self.path.parent} while this one (fence"
                f" {self.fence}) stood still: nothing more was committed; start it again once the"
                " other has ended, and never delete the lock file"
            )
            raise FencedError(msg)

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self.descriptor))
        except FileNotFoundError:
            return False


@contextmanager
def exclusive(lake: Lake) -> Iterator[Holding]:
    """Hold the lake's dataflow lock.

    Raises:
        LakeLockedError: Another process holds it; the message names it.
    """
    path = lake.root / NAME
    with _opened(path) as descriptor:
        if not _lock(descriptor):
            _, pid = _record(descriptor)
            msg = (
                f"the lake at {lake.root} is in use by process {pid or '(starting)'};"
                " stop that process or wait for it, the lock is free as soon as it ends"
            )
            raise LakeLockedError(msg)
        with _told(lake.root):
            fence = _next_fence(descriptor)
        yield Holding(path, descriptor, fence)


@contextmanager
def attempt(path: Path) -> Iterator[bool]:
    """Hold a lock file if it is free; gives whether it is held."""
    with _opened(path) as descriptor:
        yield _lock(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        # Closing it is what frees the lock.
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _next_fence(descriptor: int) -> int:
    fence = _record(descriptor)[0] + 1
    os.pwrite(descriptor, RECORD.format(fence=fence, pid=os.getpid()).encode(), 0)
    os.fsync(descriptor)
    return fence


@contextmanager
def _told(root: Path) -> Iterator[None]:
    """An error of the disk under the lock file, in words that help."""
    try:
        yield
    except OSError as error:
        msg = (
            f"cannot take the lock of the lake at {root}: {os.strerror(error.errno or 0)}; mend"
            " that and start again"
        )
        raise LakeNotWritableError(msg) from error


def _record(descriptor: int) -> tuple[int, int]:
    words = os.pread(descriptor, RECORD_BYTES, 0).split()
    if len(words) != RECORD.count("{") or not all(word.isdigit() for word in words):
        return 0, 0
    return int(words[0]), int(words[1])
