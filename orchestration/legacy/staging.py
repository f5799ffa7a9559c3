"""Rows of a night that wait in an engine until all of them have been looked at.

Here: the one table of staged rows, its order and hash, and the relation that is landed. Not here:
reading a source (csv_files.py, databases.py), or storing (landing.py).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa

from lakehouse.catalogue import quoted_name, quoted_text
from lakehouse.tables import Table
from orchestration.legacy.extracts import columns_of

STAGED, ARRIVED, READY = "staged", "arrived", "ready"
BLOCK_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where staged rows come from, on which clock their times were read, and up to when."""

    source: str
    sha256: str
    zone: str
    rows: int
    cutoff: datetime | None = None


def count(engine: duckdb.DuckDBPyConnection) -> int:
    """The number of staged rows."""
    row = engine.execute(f"select count(*) from {STAGED}").fetchone()  # noqa: S608 our own name
    return int(row[0]) if row else 0


def number_rows(
    engine: duckdb.DuckDBPyConnection, table: Table, batches: Iterable[pa.Table]
) -> int:
    """Stage rows of a source that has no order of its own, in the order of their texts.

    So equal rows have equal lines, in whichever order the database gives them.

    Returns:
        The number of rows.
    """
    names = columns_of(table)
    columns = ", ".join(f"{quoted_name(name)} varchar" for name in names)
    engine.execute(f"create table {ARRIVED} ({columns})")
    for batch in batches:
        engine.register("batch", batch)
        engine.execute(f"insert into {ARRIVED} from batch")
        engine.unregister("batch")
    order = ", ".join(quoted_name(name) for name in names)
    engine.execute(
        f"create table {STAGED} as select row_number() over () as line, *"  # noqa: S608 names
        f" from (from {ARRIVED} order by {order})"
    )
    engine.execute(f"drop table {ARRIVED}")
    return count(engine)


def digest(engine: duckdb.DuckDBPyConnection, table: Table) -> str:
    """The SHA-256 of the staged rows, each a JSON array, in their order."""
    names = ", ".join(quoted_name(name) for name in columns_of(table))
    rows = engine.execute(f"select to_json([{names}]) as line from {STAGED}")  # noqa: S608 names
    whole = hashlib.sha256()
    for batch in rows.to_arrow_reader(BLOCK_ROWS):
        _, offsets, texts = batch.column(0).cast(pa.large_string()).buffers()
        ends = memoryview(offsets).cast("q")
        whole.update(memoryview(texts)[ends[0] : ends[batch.num_rows]])
    return whole.hexdigest()


def add_origin(engine: duckdb.DuckDBPyConnection, table: Table, night: date, origin: Origin) -> str:
    """Show the staged rows with the contract's columns; gives the relation's name."""
    own = ", ".join(quoted_name(name) for name in ("line", *columns_of(table)))
    engine.execute(
        f"create view {READY} as select"  # noqa: S608 names of the contract, and texts, quoted
        f" cast({quoted_text(night.isoformat())} as date) as night,"
        f" {quoted_text(origin.source)} as source, {quoted_text(origin.sha256)} as source_sha256,"
        f" {quoted_text(origin.zone)} as zone, {own} from {STAGED}"
    )
    return READY
