"""Handles that write to the lake's tables.

Here: creating a table, the cached handle that appends and compactions commit with, how its files
are written, and what of an engine's error may be shown. Not here: what is committed (appends.py,
compaction.py).
"""

from collections.abc import Mapping
from pathlib import Path

from deltalake import ColumnProperties, DeltaTable, WriterProperties

from lakehouse import delta_log, durable
from lakehouse.lake import Lake
from lakehouse.standing import told
from lakehouse.tables import RAW_MESSAGES, TABLES, Table

# Times, places and identities mostly step on from the row before: told as steps they take a third
# of what they do by themselves, and are written quicker. What repeats has a dictionary.
STEPS = ColumnProperties(
    dictionary_enabled=False, encoding="DELTA_BINARY_PACKED", statistics_enabled="CHUNK"
)
PREFIXES = ColumnProperties(
    dictionary_enabled=False, encoding="DELTA_BYTE_ARRAY", statistics_enabled="CHUNK"
)
TOLD_AS: Mapping[str, ColumnProperties] = {
    **dict.fromkeys(("offset", "received_at", "effective_at", "documented_at"), STEPS),
    **dict.fromkeys(("observation_id", "order_id", "message_control_id"), PREFIXES),
}
PROPERTIES = WriterProperties(
    compression="ZSTD",
    compression_level=1,
    max_row_group_size=131_072,
    default_column_properties=ColumnProperties(statistics_enabled="CHUNK"),
    column_properties={**TOLD_AS},
)
# Files are skipped by these columns alone. Every other column's least and greatest value would
# stand in the log in clear text, names and identifiers among them, and make a commit a third
# slower.
SKIPPED_BY = ("feed", "partition", "offset", "received_at", "effective_at", "concept")
CHECKPOINT_COMMITS = 100
# Every commit is forced before its writer begins another: what may not be on the disk yet are the
# newest of as many writers as append, compact and enter at one moment.
UNSYNCED = 3
# The engine's texts may print rows. Of them only these phrases are repeated.
KNOWN_REASONS = (
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "Permission denied",
    "Too many open files",
    "File too large",
)


def writer(lake: Lake, table: Table) -> DeltaTable:
    """The handle to commit to a table with; the table is created where it is missing."""
    if (known := lake.writers.get(table.name)) is not None:
        return known
    path = lake.path(table)
    handle = DeltaTable(str(path)) if lake.has(table) else _create(path, table)
    # Whoever wrote the newest commit may have died before it was forced onto the disk, and rows
    # that are found in the table are not written again: so force it now.
    newest = handle.version()
    first = max(newest - UNSYNCED + 1, 0)
    durable.sync_commits(path, (v for v in range(first, newest + 1) if _has_file(path, v)))
    lake.writers[table.name] = handle
    return handle


def standing(lake: Lake) -> dict[str, str]:
    """What a commit of `raw_messages` is to say: the version that each other table has reached.

    Whoever commits `raw_messages` has first appended that message's rows, or found them there, with
    these very handles: so the versions are at least those that hold them.
    """
    reached = {
        table.name: writer(lake, table).version()
        for table in TABLES.values()
        if table.name != RAW_MESSAGES.name and (table.name in lake.writers or lake.has(table))
    }
    return told(reached)


def _has_file(path: Path, version: int) -> bool:
    """Whether a commit has a file still: a checkpoint may stand for it."""
    return delta_log.commit_path(path, version).exists()


def forget(lake: Lake, table: Table) -> None:
    """Open the table anew next time: after an error a handle may know less than the log."""
    lake.writers.pop(table.name, None)


def sync_since(lake: Lake, table: Table, version: int) -> None:
    """Force every commit after a version onto the disk, as far as the table's handle has come."""
    newest = writer(lake, table).version()
    durable.sync_commits(lake.path(table), range(version + 1, newest + 1))


def reason(error: Exception) -> str:
    """Why the engine failed, in words that hold no stored value."""
    text = str(error)
    return next((phrase for phrase in KNOWN_REASONS if phrase in text), type(error).__name__)


def _create(path: Path, table: Table) -> DeltaTable:
    skipped_by = [name for name in SKIPPED_BY if name in table.schema.names]
    return DeltaTable.create(
        path,
        schema=table.schema,
        mode="ignore",
        partition_by=[table.partition_by] if table.partition_by else None,
        name=table.name,
        description=table.grain,
        configuration={
            "delta.checkpointInterval": str(CHECKPOINT_COMMITS),
            "delta.dataSkippingStatsColumns": ",".join(skipped_by),
        },
    )
