"""Files of a drop folder: which are complete, and where they go once they are read.

Here: names, looks, opening without following anything, and the moves to `done` and `refused`. Not
here: when one looks (drop.py), or what is in a file (drop_taking.py).
"""

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

DONE: Final = "done"
REFUSED: Final = "refused"
WHY: Final = ".why"
# What senders call a file that they are still writing.
UNFINISHED: Final = (".part", ".tmp", ".filepart")
_LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class Look:
    """What a look saw of a file; two that are equal, some time apart, say that it rests."""

    device: int
    inode: int
    size: int
    changed: int
    kind: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Look":
        """What a status says."""
        return cls(
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            stat.S_IFMT(status.st_mode),
        )


def look(folder: Path) -> dict[str, Look]:
    """What lies in a feed's folder, but for what senders still write and what we made.

    Raises:
        OSError: The folder cannot be read.
    """
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_candidate(entry.name):
                with suppress(FileNotFoundError):
                    found[entry.name] = Look.of(entry.stat(follow_symlinks=False))
    return found


def _is_candidate(name: str) -> bool:
    return (
        name not in {DONE, REFUSED}
        and not name.startswith(".")
        and not name.lower().endswith(UNFINISHED)
    )


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open for reading what stands there itself: no link is followed, and no pipe waited for.

    Raises:
        OSError: It cannot be read, or is a link.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 a descriptor, not a path
        yield file


def is_being_written(file: BinaryIO) -> bool:
    """Whether any process has it open for writing; False where the file system cannot tell.

    A lease is given only while there is no writer, and given back at once. Should one come just
    then, the kernel would tell us by SIGIO, which ends a process; SIGURG does not.
    """
    descriptor = file.fileno()
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def finish(path: Path, file: BinaryIO, seen: Look) -> bool:
    """Move a file that was read to `done`; False where another has taken its place or it changed.

    That one is put back, to be read in its turn. The file is open meanwhile, so that no other can
    have its inode.
    """
    target = _move(path, DONE)
    if Look.of(target.lstat()) == seen == Look.of(os.fstat(file.fileno())):
        return True
    target.replace(path if not os.path.lexists(path) else _reserved(path.parent, path.name))
    return False


def refuse(path: Path, why: str) -> None:
    """Move a file, or a link, to `refused`, with a line beside it that says why."""
    target = _move(path, REFUSED)
    note = _reserved(target.parent, target.name + WHY)
    note.write_text(why + "\n", encoding="utf-8")


def _move(path: Path, folder: str) -> Path:
    place = path.parent / folder
    place.mkdir(mode=0o700, exist_ok=True)
    target = _reserved(place, path.name)
    try:
        path.replace(target)
    except OSError:
        target.unlink()
        raise
    return target


def _reserved(place: Path, name: str) -> Path:
    """A name that nothing had, held by an empty file, so that nothing is overwritten."""
    stamp = ""
    while True:
        target = place / _fitting(name, stamp)
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            stamp = f".{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z"
        else:
            return target


def _fitting(name: str, stamp: str) -> str:
    ending = WHY if name.endswith(WHY) else ""
    room = _LONGEST_NAME - len(stamp) - len(ending)
    return os.fsdecode(os.fsencode(name.removesuffix(ending))[:room]) + stamp + ending
