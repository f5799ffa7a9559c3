"""Keeping a log short while the table is written to.

Here: taking old commits out of a log, once a checkpoint stands for them. Not here: joining data
files (compaction.py), or what is done at night (maintenance.py).

Every append lists the whole log three times (deltalake 1.6.6): with 20,000 commits in it, some
hours of one a second, an append takes half a second instead of milliseconds.
"""

from pathlib import Path
from typing import Final

from lakehouse import arrival_log, delta_log, durable
from lakehouse.damage import checkpoint_fault
from lakehouse.delta_log import Checkpoint
from lakehouse.lake import Lake
from lakehouse.lock import attempt
from lakehouse.tables import RAW_MESSAGES, Table
from lakehouse.writers import CHECKPOINT_COMMITS

# What a repair can go back to, commit by commit; fewer, and a reader that has just listed the log
# may find a commit gone.
KEPT: Final = 3 * CHECKPOINT_COMMITS


def shorten(lake: Lake, table: Table, newest: int) -> int:
    """Take the commits out of a table's log that an old checkpoint stands for; return how many.

    Does something only at the versions at which checkpoints are written, and where no other process
    is at it.
    """
    # At 99 a checkpoint was written; where that was a compaction's commit, an append is at 100.
    if (newest + 1) % CHECKPOINT_COMMITS > 1 or newest < KEPT:
        return 0
    with attempt(lake.root / f".{table.name}.shortening.lock") as alone:
        return _shorten(lake.path(table), table, newest) if alone else 0


def _shorten(path: Path, table: Table, newest: int) -> int:
    old = [c for c in delta_log.checkpoints(path) if c.version <= newest - KEPT]
    base = old[-1] if old else None
    if base is None or checkpoint_fault(base) is not None:
        return 0
    gone = [version for version in delta_log.versions(path) if version < base.version]
    if not _carries(path, base, gone):
        return 0
    if table.name == RAW_MESSAGES.name:
        arrival_log.keep(path, gone)
    # Oldest first: an interrupted shortening leaves no hole in between.
    for version in gone:
        delta_log.commit_path(path, version).unlink(missing_ok=True)
    for checkpoint in old[:-1]:
        for file in checkpoint.files:
            file.unlink(missing_ok=True)
    durable.sync(path / delta_log.LOG)
    return len(gone)


def _carries(path: Path, base: Checkpoint, gone: list[int]) -> bool:
    """Whether a checkpoint knows every transaction of the commits: else rows would come twice."""
    known = delta_log.checkpointed_transactions(base)
    return all(
        known.get(action["appId"], -1) >= int(action["version"])
        for version in gone
        for action in delta_log.actions(path, version, "txn")
    )
