"""Source tables in DuckDB: found by name, checked for their columns, streamed in order.

Here: opening a folder of CSV files and fetching a query in Arrow batches, with bounded memory. Not
here: what any table means.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pulsehouse.render.outcome import RenderError

# DuckDB sorts and groups within this and goes to disk beyond it: memory stays, whatever the input.
MEMORY_LIMIT = "384MB"
# Rows handed to Python at a time. More would only hold more memory.
BATCH_ROWS = 8_192

# What DuckDB raises for a broken file or a value of the wrong kind; its other errors are our bugs.
UNREADABLE = (duckdb.DataError, duckdb.OperationalError, duckdb.InvalidInputException)

Row = tuple[Any, ...]


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database that spills into a folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pulsehouse-render-") as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": spill,
            "threads": 2,
            "preserve_insertion_order": False,
        }
        connection = duckdb.connect(config=settings)
        try:
            yield connection
        finally:
            connection.close()


def attach(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    tables: Mapping[str, Sequence[str]],
    required: frozenset[str],
) -> None:
    """Give every table its name, all columns text; an absent optional table is empty.

    Raises:
        RenderError: A required file or a column is missing, or a file cannot be read.
    """
    if not folder.is_dir():
        msg = f"`{folder}` is not a folder of CSV files"
        raise RenderError(msg)
    for table, columns in tables.items():
        if found := _file(folder, table):
            _view(connection, found, table, columns)
        elif table in required:
            msg = f"`{folder}` has no {table}.csv or {table}.csv.gz; it is required"
            raise RenderError(msg)
        else:
            _empty_table(connection, table, columns)


def has(folder: Path, table: str) -> bool:
    """Whether the folder has a file of this table."""
    return _file(folder, table) is not None


def _file(folder: Path, table: str) -> Path | None:
    files = {entry.name.lower(): entry for entry in sorted(folder.iterdir())}
    return files.get(f"{table}.csv.gz") or files.get(f"{table}.csv")


def _view(
    connection: duckdb.DuckDBPyConnection, file: Path, table: str, columns: Sequence[str]
) -> None:
    try:
        relation = connection.read_csv(
            str(file), header=True, sep=",", quotechar='"', escapechar='"', all_varchar=True
        )
    except duckdb.Error as error:
        msg = f"`{file}` cannot be read as CSV"
        raise RenderError(msg) from error
    present = {name.lower() for name in relation.columns}
    if missing := [name for name in columns if name not in present]:
        msg = f"`{file}` lacks the columns {missing}"
        raise RenderError(msg)
    relation.create_view(table)


def _empty_table(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
    empty = pa.table({name: pa.array([], pa.string()) for name in columns})
    connection.from_arrow(empty).create(table)


def execute(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run a statement that reads the tables and gives no rows.

    Raises:
        RenderError: As `rows`.
    """
    try:
        connection.execute(statement)
    except UNREADABLE as error:
        raise _unreadable(error) from None


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[Row]:
    """The rows of a query, one batch in memory at a time, on a cursor of their own.

    Raises:
        RenderError: A table cannot be read to its end, or holds a value of the wrong kind.
    """
    cursor = connection.cursor()
    try:
        for batch in cursor.execute(query).to_arrow_reader(BATCH_ROWS):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except UNREADABLE as error:
        raise _unreadable(error) from None
    finally:
        cursor.close()


def _unreadable(error: duckdb.Error) -> RenderError:
    # DuckDB quotes the offending line, which may hold patient data: only its kind is passed on.
    return RenderError(f"the source tables cannot be read: {type(error).__name__}")


def count(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> int:
    """How many rows the tables have together."""
    return sum(int(connection.table(table).count("*").fetchall()[0][0]) for table in tables)
