"""The order of arrival, kept when a log of `raw_messages` is shortened.

Here: a file beside the table's log with a line for every transaction of its old commits: version,
offset, partition, feed. Lines are only added, and are on the disk before the commits go. Not here:
when that is (shortening.py), or the order itself (arrivals.py).
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lakehouse import delta_log, durable

# Delta's own tools leave names alone that begin so.
NAME: Final = "_arrivals.log"
# Holds the last line, whatever a feed is called.
_TAIL_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Step:
    """What one commit reached in one place."""

    version: int
    offset: int
    partition: int
    feed: str


def kept(table: Path) -> Iterator[Step]:
    """The steps of the commits that are gone, oldest first."""
    try:
        content = (table / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    # What follows the last line end was torn off by a power loss; its commit is still there.
    for line in content[: content.rfind("\n") + 1].splitlines():
        version, offset, partition, feed = line.split(" ", 3)
        yield Step(int(version), int(offset), int(partition), feed)


def keep(table: Path, versions: Sequence[int]) -> None:
    """Write down the steps of some commits; on return they are on the disk."""
    descriptor = os.open(table / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end, last = _end(descriptor)
        lines = [
            f"{step.version} {step.offset} {step.partition} {step.feed}\n"
            for version in versions
            if version > last
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
    return (start + end, int(lines[-1].split()[0])) if lines else (0, -1)


def steps(table: Path, version: int) -> Iterator[Step]:
    """What a commit reached, in its own order."""
    for action in delta_log.actions(table, version, "txn"):
        feed, _, partition = action["appId"].rpartition("/")
        yield Step(version, int(action["version"]), int(partition), feed)
