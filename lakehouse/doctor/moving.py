"""Moving aside: nothing is ever deleted.

Here: a folder of the lake for one repair, and files on their way into it, at their own place within
the lake, forced onto the disk. Not here: which files (planning.py).
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from lakehouse import durable
from lakehouse.doctor.places import QUARANTINE


def make_folder(root: Path, now: datetime) -> Path:
    """A new folder for one repair."""
    base = root / QUARANTINE
    base.mkdir(mode=0o700, exist_ok=True)
    name = now.strftime("%Y%m%dT%H%M%SZ")
    taken = {path.name for path in base.iterdir()}
    free = next(n for n in (name, *(f"{name}-{k}" for k in range(2, 1_000))) if n not in taken)
    (base / free).mkdir(mode=0o700)
    durable.sync(root)
    durable.sync(base)
    return base / free


def move(root: Path, folder: Path, files: Sequence[Path]) -> int:
    """Move files, in order, to the same place below a folder; return how many there were.

    On return that is on the disk. A file that an interrupted repair has moved before is passed by.
    """
    touched: dict[Path, None] = {}
    moved = 0
    for file in files:
        target = folder / file.relative_to(root)
        _make(folder, target.parent)
        try:
            file.rename(target)
        except FileNotFoundError:
            continue
        touched |= {target.parent: None, file.parent: None}
        moved += 1
    for directory in touched:
        durable.sync(directory)
    return moved


def _make(folder: Path, directory: Path) -> None:
    """Make a directory and those above it, each name on the disk."""
    if directory.is_dir():
        return
    if directory != folder:
        _make(folder, directory.parent)
    directory.mkdir(mode=0o700)
    durable.sync(directory.parent)
