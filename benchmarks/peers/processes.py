"""What a process and its children use, as Linux tells it.

Here: processor seconds and resident memory of a whole tree: some peers work in a virtual machine
that they start. Not here: whose process it is. Nothing but the standard library is needed.
"""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Places after the name in /proc/<pid>/stat: own and waited-for children's user and system time.
_TIMES = slice(11, 15)


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    found = [root]
    for pid in found:
        found += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        told = [(task / "children").read_text() for task in tasks]
    except OSError:
        return []
    return [int(child) for line in told for child in line.split()]


def processor_seconds(pid: int) -> float:
    """Processor seconds of a process and of the children that it has waited for."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    return sum(map(int, told.rpartition(")")[2].split()[_TIMES])) / _TICKS


def resident_bytes(pid: int) -> int:
    """Memory that a process holds now."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return 0
