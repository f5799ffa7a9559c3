"""Landing a night's extract: the old world's rows beside the new, untouched.

Here: one extract and night into `legacy_<extract>`, replacing what was landed of that night before.
Not here: where extracts come from (drop_folder.py, databases.py), or what their columns mean
(orchestration/jobs).
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
from deltalake import DeltaTable

from lakehouse.catalogue import quoted_text
from lakehouse.lake import Lake
from lakehouse.publishing import replace_rows
from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.legacy import csv_files, drop_folder, its_night
from orchestration.legacy.extracts import table_of
from orchestration.legacy.staging import Origin, add_origin

# More makes a night of a million rows no faster, and the process that much larger.
ENGINE_MEMORY = "160MB"


@dataclass(frozen=True, slots=True)
class Landed:
    """What was landed of one extract and night.

    Attributes:
        rows: Rows of the night; none is a night without any, not a missing one.
        source: File within the drop folder, or table of the database.
        sha256: Hash of the file, or of the rows as read.
        version: The table's Delta version that holds them.
        zone: Time zone of the clock readings in the rows.
        cutoff: Up to when the source says that it knew; None where it does not say.
    """

    rows: int
    source: str
    sha256: str
    version: int
    zone: str
    cutoff: datetime | None


def land(lake: Lake, settings: Settings, extract: str, night: date) -> Landed:
    """Land one extract of one night, in place of what was landed of it before.

    Args:
        lake: The lake, open for writing.
        settings: Where extracts come from, and the hospital's zone.
        extract: The extract's name, such as `census`.
        night: Local day on which the job ran.

    Raises:
        ExtractError: It cannot be landed; the class says why. What was landed is as it was.
        AppendError: It could not be stored; what was landed is as it was.
    """
    table = table_of(extract)
    with _turn(lake, table) as spill:
        try:
            origin = _replace(lake, settings, extract, night, spill)
        except duckdb.OutOfMemoryException:
            # Very long rows. The engine's own bound is most of the machine's memory.
            origin = _replace(lake, settings, extract, night, spill, memory=None)
        version = DeltaTable(str(lake.path(table))).version()
    return Landed(origin.rows, origin.source, origin.sha256, version, origin.zone, origin.cutoff)


def _replace(
    lake: Lake,
    settings: Settings,
    extract: str,
    night: date,
    spill: str,
    *,
    memory: str | None = ENGINE_MEMORY,
) -> Origin:
    table = table_of(extract)
    with duckdb.connect() as engine:
        # Left to itself the engine would spill rows of patients into the working directory.
        engine.execute(f"set temp_directory = {quoted_text(spill)}")
        if memory:
            engine.execute(f"set memory_limit = {quoted_text(memory)}")
        origin = _stage(engine, settings, extract, night, table)
        its_night.check(engine, lake, settings, table, night, origin)
        replace_rows(
            engine,
            lake,
            table,
            add_origin(engine, table, night, origin),
            run=f"land {extract} {night} {origin.sha256}",
            partitions=(night.isoformat(),),
        )
    return origin


@contextmanager
def _turn(lake: Lake, table: Table) -> Iterator[str]:
    """Wait for our turn at a table; gives the place to spill to.

    Of two that replace nights at once, the engine lets one fail, and on the very first landing it
    would lose one.
    """
    zone = lake.path(table).parent
    zone.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(zone / f".{table.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    spill = zone / f".{table.name}.spill"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        shutil.rmtree(spill, ignore_errors=True)
        yield str(spill)
    finally:
        shutil.rmtree(spill, ignore_errors=True)
        # Closing it is what frees the lock.
        os.close(descriptor)


def _stage(
    engine: duckdb.DuckDBPyConnection, settings: Settings, extract: str, night: date, table: Table
) -> Origin:
    if settings.extracts_url is None:
        return csv_files.stage(engine, drop_folder.find(settings, extract, night), table)
    # SQLAlchemy takes a third of a second to import, and most hospitals have files.
    from orchestration.legacy import databases  # noqa: PLC0415

    return databases.stage(engine, settings, extract, table, night)
