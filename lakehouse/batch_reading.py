"""Reading the tables that batch work makes.

Here: views of a zone's tables, and of the marts, in a connection that someone else opened, and the
rows of one small table. Not here: the stream's tables, which are read at a cut (catalogue.py), and
writing (publishing.py, ledgers.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.batch import BATCH_TABLES
from lakehouse.catalogue import cursor, quoted_name, quoted_text
from lakehouse.delta_log import LOG
from lakehouse.lake import Lake
from lakehouse.tables import Table, Zone

MARTS = "marts"


def attach_zone(connection: duckdb.DuckDBPyConnection, lake: Lake, zone: Zone) -> None:
    """Show every table of a zone in a schema of the zone's name.

    A table that was never written is an empty view with the contract's columns.

    Args:
        connection: The connection, with the delta extension.
        lake: The lake to read.
        zone: One of the zones of batch work; its schema must not exist.
    """
    connection.execute(f"create schema {quoted_name(zone)}")
    for table in BATCH_TABLES.values():
        if table.zone == zone:
            _show_table(connection, lake, table)


def attach_marts(
    connection: duckdb.DuckDBPyConnection, lake: Lake, versions: Mapping[str, int] | None = None
) -> None:
    """Show every mart in the schema `marts`, at a version where one is given, else as it is now."""
    connection.execute(f"create schema {quoted_name(MARTS)}")
    for path in stored_marts(lake):
        version = (versions or {}).get(path.name)
        _show_path(connection, MARTS, path.name, path, version)


def stored_marts(lake: Lake) -> Iterator[Path]:
    """Where each mart lies that a build has stored, by name."""
    root = lake.root / MARTS
    if root.is_dir():
        yield from (path for path in sorted(root.iterdir()) if is_stored(path))


def is_stored(path: Path) -> bool:
    """Whether a Delta table lies there."""
    return (path / LOG).is_dir() and DeltaTable.is_deltatable(str(path))


def read_batch(
    lake: Lake, table: Table, columns: Sequence[str] = (), *, order: Sequence[str] = ()
) -> pa.Table:
    """The rows of a small batch table, such as a ledger; none where it was never written."""
    wanted = columns or table.schema.names
    schema = pa.schema([table.schema.field(name) for name in wanted])
    if not is_stored(lake.path(table)):
        return schema.empty_table()
    listed = ", ".join(map(quoted_name, wanted))
    ordered = ", ".join(map(quoted_name, order or table.key))
    source = quoted_text(str(lake.path(table)))
    with cursor() as connection:
        connection.execute("set TimeZone = 'UTC'")
        sql = f"select {listed} from delta_scan({source}) order by {ordered}"  # noqa: S608 contract's names, and a path, quoted
        return connection.execute(sql).to_arrow_table().cast(schema)


def _show_table(connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table) -> None:
    if is_stored(lake.path(table)):
        _show_path(connection, table.zone, table.name, lake.path(table), None)
        return
    absent = f"{quoted_name(table.zone)}.{quoted_name(table.name)}"
    connection.register("absent_rows", table.schema.empty_table())
    connection.execute(f"create table {absent} as from absent_rows")
    connection.unregister("absent_rows")


def _show_path(
    connection: duckdb.DuckDBPyConnection, schema: str, name: str, path: Path, version: int | None
) -> None:
    pinned = "" if version is None else f", version => {version:d}"
    source = f"delta_scan({quoted_text(str(path))}{pinned})"
    view = f"{quoted_name(schema)}.{quoted_name(name)}"
    connection.execute(f"create or replace view {view} as from {source}")
