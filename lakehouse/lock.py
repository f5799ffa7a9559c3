"""One dataflow per lake.

Here: the dataflow's exclusive lock, its holder's process number, and a fencing number that grows
with every holder. The kernel frees the lock when its holder dies, however it dies. Not here: what
the holder does.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.errors import LakeLockedError
from lakehouse.lake import Lake

NAME = "dataflow.lock"
# Fixed width, so that a new holder overwrites the record in place, within one sector.
RECORD = "{fence:020d} {pid:010d}\n"
RECORD_BYTES = 32


@contextmanager
def exclusive(lake: Lake) -> Iterator[int]:
    """Hold the lake's dataflow lock; gives the fencing number of this holding.

    Raises:
        LakeLockedError: Another process holds it; the message names it.
    """
    with _opened(lake.root / NAME) as descriptor:
        if not _lock(descriptor):
            _, pid = _record(descriptor)
            msg = (
                f"the lake at {lake.root} is in use by process {pid or '(starting)'};"
                " stop that process or wait for it, the lock is free as soon as it ends"
            )
            raise LakeLockedError(msg)
        yield _next_fence(descriptor)


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


def _record(descriptor: int) -> tuple[int, int]:
    words = os.pread(descriptor, RECORD_BYTES, 0).split()
    if len(words) != RECORD.count("{") or not all(word.isdigit() for word in words):
        return 0, 0
    return int(words[0]), int(words[1])
