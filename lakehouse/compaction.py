"""Joining small files.

Here: one compaction of one table, safe beside appends. Not here: when (streaming/), or deleting the
files that it leaves behind.
"""

from deltalake.exceptions import DeltaError

from lakehouse.errors import AppendError
from lakehouse.lake import Lake
from lakehouse.lock import attempt
from lakehouse.tables import Table
from lakehouse.writers import PROPERTIES, forget, reason, sync_since, writer

# A file this big is left alone: what one compaction rewrites stays small, however big the day.
WHOLE_BYTES = 32 * 1024 * 1024


def compact(lake: Lake, table: Table) -> int:
    """Join a table's small files, day by day; return how many files went into bigger ones.

    A commit's cost grows with the table's live files: 4 ms at 10 of them, 65 ms at 600. Where
    another process compacts the table already, nothing is done.

    Raises:
        AppendError: The files could not be joined; the table's rows are as they were.
    """
    if not lake.has(table):
        return 0
    # Two compactions that race are both committed and store every row twice (deltalake 1.6.6): so
    # only one at a time, and it first learns of the one before.
    with attempt(lake.root / f".{table.name}.compaction.lock") as alone:
        return _compact(lake, table) if alone else 0


def _compact(lake: Lake, table: Table) -> int:
    try:
        handle = writer(lake, table)
        handle.update_incremental()
        before = handle.version()
        metrics = handle.optimize.compact(
            target_size=WHOLE_BYTES, max_concurrent_tasks=1, writer_properties=PROPERTIES
        )
        sync_since(lake, table, before)
    except (DeltaError, OSError) as error:
        forget(lake, table)
        msg = f"could not compact table `{table.name}` in {lake.root}: {reason(error)}; try again"
        raise AppendError(msg) from None
    return int(metrics["numFilesRemoved"])
