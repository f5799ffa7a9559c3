"""Keeping tables quick and small, beside whoever reads and writes them.

Here: checkpoints, clean-up of old log files, and deletion of files that no version in reach needs;
each on the disk when it returns. Not here: joining small files (compaction.py), or when any of it
is done (orchestration/maintenance.py).

What the ledgers name stays readable: a decision quotes the versions that it rests on. Of a table
that the stream appends to, the rows of a version are those of its cut, so its log may be cleaned;
of the others the log is kept. That of `raw_messages` tells in which order messages of several feeds
were learnt: only shortening.py takes commits out of it, and writes that order down first.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakehouse import delta_log, durable
from lakehouse.batch import BATCH_TABLES
from lakehouse.batch.migration import ALERT_LEDGER, JOB_LEDGER
from lakehouse.batch_reading import read_batch, stored_marts
from lakehouse.errors import AppendError, LakehouseError
from lakehouse.lake import Lake
from lakehouse.lock import attempt
from lakehouse.mart_history import at_one_cut
from lakehouse.tables import RAW_MESSAGES, TABLES
from lakehouse.writers import reason

# A reader that began before this is cut off; Delta itself refuses less without force.
LEAST_RETENTION_HOURS = 7 * 24
CHECKPOINT, CLEAN, DELETE = "write a checkpoint of", "clean the log of", "delete old files of"


class RetentionError(LakehouseError):
    """Files would be deleted that a reader may still need."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """One table's checkpoint: its version, and how many lines of transactions it carries."""

    table: str
    version: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Log files of one table that are gone; the first version whose commit has a file now."""

    table: str
    files: int
    first_version: int


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """Data files of one table that nothing in reach needs, with the versions kept for ledgers."""

    table: str
    files: int
    bytes: int
    kept_versions: tuple[int, ...]


def stored(lake: Lake) -> dict[str, Path]:
    """Every table and mart that exists, by name."""
    tables = {
        t.name: lake.path(t) for t in (*TABLES.values(), *BATCH_TABLES.values()) if lake.has(t)
    }
    return tables | {f"marts.{path.name}": path for path in stored_marts(lake)}


def checkpoint(name: str, path: Path) -> Checkpointed:
    """Write a table's checkpoint at its newest version, so that opening it reads one file.

    Raises:
        AppendError: It could not be written; the table is as it was.
    """
    before = delta_log.transactions(path)
    try:
        handle = DeltaTable(str(path))
        handle.create_checkpoint()
        durable.sync_commit(path, handle.version())
    except (DeltaError, OSError) as error:
        raise _failed(CHECKPOINT, name, path, error) from None
    return Checkpointed(name, handle.version(), _carried(name, path, before))


def clean_log(name: str, path: Path) -> Cleaned:
    """Delete log files beyond the table's own retention (30 days) that a checkpoint stands for.

    A checkpoint is written first: it carries every line's transaction, without which an append
    would store rows twice.

    Raises:
        AppendError: It could not be done, or a line's transaction would have been lost.
    """
    before = delta_log.transactions(path)
    checkpoint(name, path)
    there = len(delta_log.versions(path))
    try:
        DeltaTable(str(path)).cleanup_metadata()
        durable.sync(path / delta_log.LOG)
    except (DeltaError, OSError) as error:
        raise _failed(CLEAN, name, path, error) from None
    _carried(name, path, before)
    left = delta_log.versions(path)
    return Cleaned(name, there - len(left), left[0] if left else DeltaTable(str(path)).version())


def may_be_cleaned(name: str) -> bool:
    """Whether a table's old log files are needed by nobody: see the top of this file."""
    return name in TABLES and name != RAW_MESSAGES.name


def vacuum(
    lake: Lake,
    name: str,
    path: Path,
    *,
    keep: tuple[int, ...],
    hours: int = LEAST_RETENTION_HOURS,
    dry_run: bool = True,
) -> Vacuumed | None:
    """Delete, or only count, files that were taken out of a table longer ago than `hours`.

    None where the table is being compacted now.

    Args:
        lake: The lake.
        name: The table.
        path: Where it lies.
        keep: Versions whose files stay, however old: see `named_versions`.
        hours: How long a file stays after it was taken out.
        dry_run: Only count.

    Raises:
        RetentionError: `hours` is less than a week.
        AppendError: It could not be done; every version in reach is as it was.
    """
    if hours < LEAST_RETENTION_HOURS:
        msg = (
            f"cannot delete files of `{name}` {hours} h after they were taken out: a reader may"
            f" still have them open; give at least {LEAST_RETENTION_HOURS} h"
        )
        raise RetentionError(msg)
    with attempt(lake.root / f".{path.name}.compaction.lock") as alone:
        return _vacuum(name, path, keep, hours, dry_run=dry_run) if alone else None


def named_versions(lake: Lake) -> Mapping[str, tuple[int, ...]]:
    """Per table the versions that a ledger names, and of marts those that belong together."""
    found: dict[str, set[int]] = {}
    for told in _quoted(lake):
        for name, version in json.loads(told).items():
            found.setdefault(name, set()).add(int(version))
    for mart, chosen in at_one_cut(lake).items():
        found.setdefault(f"marts.{mart}", set()).add(chosen.version)
    return {name: tuple(sorted(versions)) for name, versions in found.items()}


def _quoted(lake: Lake) -> list[str]:
    return [
        told
        for ledger in (JOB_LEDGER, ALERT_LEDGER)
        for told in read_batch(lake, ledger, ("delta_versions",), order=("number",))
        .column(0)
        .to_pylist()
    ]


def _vacuum(name: str, path: Path, keep: tuple[int, ...], hours: int, *, dry_run: bool) -> Vacuumed:
    try:
        handle = DeltaTable(str(path))
        before = handle.version()
        # A version whose commit is gone cannot be read, so there is nothing of it to keep.
        first = delta_log.versions(path)[0]
        kept = tuple(v for v in keep if first <= v <= before)
        gone = handle.vacuum(retention_hours=hours, dry_run=True, keep_versions=[*kept] or None)
        size = sum(_size(path / file) for file in gone)
        if gone and not dry_run:
            handle.vacuum(retention_hours=hours, dry_run=False, keep_versions=[*kept] or None)
            newest = DeltaTable(str(path)).version()
            durable.sync_commits(path, range(before + 1, newest + 1))
    except (DeltaError, OSError) as error:
        raise _failed(DELETE, name, path, error) from None
    return Vacuumed(name, len(gone), size, kept)


def _carried(name: str, path: Path, before: Mapping[str, int]) -> int:
    """How many lines' transactions a table knows; none that it knew is lost."""
    after = delta_log.transactions(path)
    lost = [line for line, reached in before.items() if after.get(line, -1) < reached]
    if lost:
        msg = (
            f"the log of `{name}` in {path.parent} has lost the place that {len(lost)} lines had"
            " reached: stop the stream before it stores rows twice, and restore that log"
        )
        raise AppendError(msg)
    return len(after)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _failed(what: str, name: str, path: Path, error: Exception) -> AppendError:
    return AppendError(f"could not {what} `{name}` in {path.parent}: {reason(error)}; try again")
