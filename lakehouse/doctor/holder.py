"""Who holds the dataflow's lock, without touching it.

Here: reading the kernel's list of locks, and the record in the lock's file. Not here: holding it
(lakehouse/lock.py): to try it, even for a moment, could keep a dataflow from starting.
"""

from pathlib import Path
from typing import Final

from lakehouse import lock

LOCKS: Final = Path("/proc/locks")


def holder(root: Path) -> tuple[int, int | None]:
    """The newest fencing number, and the process that holds the lock now; None where none does."""
    path = root / lock.NAME
    try:
        inode = path.stat().st_ino
        words = path.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return 0, None
    fence, pid = (int(word) if word.isdigit() else 0 for word in (*words[:2], "", "")[:2])
    return fence, pid if _is_held(inode) else None


def _is_held(inode: int) -> bool:
    try:
        lines = LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    return any("FLOCK" in line and f":{inode} " in line for line in lines)
