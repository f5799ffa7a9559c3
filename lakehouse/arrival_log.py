"""The order of arrival, kept when a log of `raw_messages` is shortened.

Here: a file beside the table's log with a line for every step of its old commits: version and, of
a stamped commit, session and turn (`12:session:34`), offset, partition, feed. Lines are only added,
and are on the disk before the commits go. Not here: when that is (shortening.py), or the order
itself (arrivals.py).

The steps of one commit may stand here in part, or twice: while the commit is there, it counts.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from lakehouse import delta_log, durable
from lakehouse.stamps import stamp

# Delta's own tools leave names alone that begin so.
NAME: Final = "_arrivals.log"
# Holds the last line, whatever a feed is called.
_TAIL_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Step:
    """What one commit reached in one place, and in which turn of a session the fold learnt it.

    Commits without a stamp have no session.
    """

    version: int
    offset: int
    partition: int
    feed: str
    session: str = ""
    turn: int = 0

    @classmethod
    def read(cls, line: str) -> Self:
        """The step that a line tells."""
        label, offset, partition, feed = line.split(" ", 3)
        version, *stamped = label.split(":")
        session, turn = stamped or ("", 0)
        return cls(int(version), int(offset), int(partition), feed, session, int(turn))

    @property
    def line(self) -> str:
        """The step as a line."""
        stamped = f":{self.session}:{self.turn}" if self.session else ""
        return f"{self.version}{stamped} {self.offset} {self.partition} {self.feed}\n"


def kept(table: Path) -> Iterator[Step]:
    """The steps of the commits that are gone, oldest first."""
    try:
        content = (table / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    # What follows the last line end was torn off by a power loss; its commit is still there.
    for line in content[: content.rfind("\n") + 1].splitlines():
        yield Step.read(line)


def keep(table: Path, versions: Sequence[int]) -> None:
    """Write down the steps of some commits; on return they are on the disk."""
    descriptor = os.open(table / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end, last = _end(descriptor)
        lines = [
            step.line
            for version in versions
            # The steps of the last one may have been torn off in between: it is written once more.
            if version >= last
            for step in steps(table, version)
        ]
        os.ftruncate(descriptor, end)
        os.pwrite(descriptor, "".join(lines).encode(), end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    durable.sync(table)


def _end(descriptor: int) -> tuple[int, int]:
    """Where the last whole line ends, and its version; (0, -1) where there is none."""
    size = os.fstat(descriptor).st_size
    start = max(size - _TAIL_BYTES, 0)
    tail = os.pread(descriptor, _TAIL_BYTES, start)
    end = tail.rfind(b"\n") + 1
    lines = tail[:end].splitlines()
    return (start + end, Step.read(lines[-1].decode()).version) if lines else (0, -1)


def steps(table: Path, version: int) -> Iterator[Step]:
    """What a commit reached, in its own order."""
    stamped = stamp(table, version)
    for action in delta_log.actions(table, version, "txn"):
        feed, _, partition = action["appId"].rpartition("/")
        if stamped is None:
            yield Step(version, int(action["version"]), int(partition), feed)
            continue
        for offset, turn in stamped.notes:
            yield Step(version, offset, int(partition), feed, stamped.session, turn)
