"""Reading the lake through DuckDB.

Here: a connection with one view per table, each cut to the same line, also within a connection of
someone else's; a sandbox for SQL that people type; and running a query with errors in one line. Not
here: writing (appends.py), marts (dbt_project/).

Readers never use `to_pyarrow_table` of deltalake: it aborts one process in four at exit.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import StatementType

from lakehouse import encounters, identities, medications, observations, orders, spill
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.errors import QueryError
from lakehouse.lake import Lake
from lakehouse.laws import install
from lakehouse.tables import TABLES, Table
from lakehouse.upgrades import lacking

# What is told of the facts beside the tables, in the order in which each rests on those before.
LAWS = (identities.LAW, encounters.LAW, observations.LAW, orders.LAW, medications.LAW)
ENGINE_LOCK = Lock()
# Up to this many partitions the cut is part of a view's text; beyond, views join the table `cut`.
SPELT_OUT = 16
EXPLAIN = re.compile(r"\s*explain(\s+analyze\b|\s*\([^)]*\))?", re.IGNORECASE)
# Errors of these classes speak of the query's text; others may quote a stored value.
ABOUT_THE_QUERY = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)
# From the first quote to the last: a stored value may hold quotes and line ends of its own.
QUOTED = re.compile(r"['\"].*['\"]", re.DOTALL)


def connect(
    lake: Lake,
    *,
    tables: Iterable[Table] | None = None,
    at: Cut | None = None,
    sandboxed: bool = False,
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with a view per table that shows the rows up to one cut.

    A table that does not exist yet is an empty view with the contract's columns. The cut itself is
    the table `cut` (feed, partition, reached). Times show in UTC.

    Args:
        lake: The lake to read.
        tables: The tables to show; all of them where None.
        at: The cut to read at; the lake's newest where None.
        sandboxed: Only the shown tables' directories can be read, no other file, and no setting
            can be changed. `query` further refuses statements that write.
    """
    shown = tuple(TABLES.values() if tables is None else tables)
    line = cut_now(lake) if at is None else at
    connection = _new_engine() if sandboxed else cursor()
    connection.execute("set TimeZone = 'UTC'")
    _show(connection, lake, shown, line, schema=None)
    if sandboxed:
        close_sandbox(connection, [lake.path(table) for table in shown])
    return connection


def attach(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    schema: str,
    *,
    tables: Iterable[Table] | None = None,
    at: Cut | None = None,
) -> None:
    """Show the tables up to one cut in a schema of a connection that someone else opened.

    Unlike those of `connect`, the views belong to the connection's database: its cursors see them.
    Beside them stand the table macros of LAWS, such as `survivors(known_at)`.

    Args:
        connection: The connection, without the delta extension.
        lake: The lake to read.
        schema: The schema to make; it must not exist.
        tables: The tables to show; all of them where None.
        at: The cut to read at; the lake's newest where None.
    """
    equip(connection)
    connection.execute(f"create schema {quoted_name(schema)}")
    shown = tuple(TABLES.values() if tables is None else tables)
    _show(connection, lake, shown, cut_now(lake) if at is None else at, schema=schema)
    for law in LAWS:
        install(connection, law, quoted_name(schema), [table.name for table in shown])


def quoted_name(text: str) -> str:
    """A name as SQL writes it, whatever it holds."""
    return '"' + text.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text as a literal of SQL, whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def query(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()
) -> pa.Table:
    """Run one reading statement; `parameters` are the values of its `?`, bound by the engine.

    Raises:
        QueryError: In one line why not; a stored value that the engine quotes is left out.
    """
    try:
        if not _only_reads(connection, sql):
            msg = "only one statement that reads can be run: a select, or an explain of one"
            raise QueryError(msg)
        return connection.execute(sql, list(parameters)).to_arrow_table()
    except duckdb.Error as error:
        raise QueryError(_one_line(error)) from None


def read(
    lake: Lake,
    table: Table,
    columns: Sequence[str] = (),
    *,
    where: str = "true",
    parameters: Sequence[Any] = (),
    at: Cut | None = None,
) -> pa.Table:
    """Rows of one table up to a cut, in the order in which we learnt them.

    Args:
        lake: The lake to read.
        table: The table.
        columns: Columns wanted; all where empty.
        where: A condition written in code, with `?` for each value.
        parameters: The values, bound by the engine.
        at: The cut; the lake's newest where None.
    """
    wanted = ", ".join(quoted_name(column) for column in columns or table.schema.names)
    sql = (
        f"select {wanted} from {quoted_name(table.name)} where {where}"  # noqa: S608 contract's names only
        ' order by feed, partition, "offset", "row"'
    )
    with connect(lake, tables=(table,), at=at) as connection:
        rows = connection.execute(sql, list(parameters)).to_arrow_table()
    return rows.cast(pa.schema([table.schema.field(name) for name in rows.column_names]))


def _new_engine() -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect()
    equip(engine)
    return engine


def equip(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the delta extension that comes with us, and spill where nobody else reads.

    Nothing is ever downloaded.
    """
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute(f"load {quoted_text(str(_delta_extension()))}")
    connection.execute(f"set temp_directory = {quoted_text(spill.folder())}")


def cursor() -> duckdb.DuckDBPyConnection:
    """A cursor of the engine that this process shares; what it makes must be temporary."""
    # Loading the extension takes a quarter of a second: once per process, not once per reader.
    # Views and the cut are temporary, so no reader sees those of another.
    with ENGINE_LOCK:
        return _shared_engine().cursor()


@cache
def _shared_engine() -> duckdb.DuckDBPyConnection:
    return _new_engine()


def _show(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    tables: Iterable[Table],
    at: Cut,
    *,
    schema: str | None,
) -> None:
    _add_cut(connection, at, schema)
    for table in tables:
        _add_view(connection, lake, table, at, schema)


def _add_cut(connection: duckdb.DuckDBPyConnection, at: Cut, schema: str | None) -> None:
    cut = _place("cut", schema)
    columns = 'feed varchar, "partition" integer, reached bigint'
    connection.execute(f"create {_lasting(schema)} table {cut} ({columns})")
    if at:
        rows = [[feed, partition, reached] for (feed, partition), reached in at.items()]
        connection.executemany(f"insert into {cut} values (?, ?, ?)", rows)  # noqa: S608 our name


def _add_view(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, at: Cut, schema: str | None
) -> None:
    columns = ", ".join(f"t.{quoted_name(column)}" for column in table.schema.names)
    source = f"delta_scan({quoted_text(str(lake.path(table)))})"
    if not lake.has(table):
        source = f"({_no_rows(table)})"
    elif lacking(lake.version, table):
        # An older lake on a disk that is only read: what its files lack is null.
        source = f"(from {source} union all by name {_no_rows(table)})"
    connection.execute(
        f"create {_lasting(schema)} view {_place(table.name, schema)} as"  # noqa: S608 names, paths and numbers, all quoted
        f" select {columns} from {source} t {_up_to(at, schema)}"
    )


def _up_to(at: Cut, schema: str | None) -> str:
    if len(at) > SPELT_OUT:
        return (
            f"semi join {_place('cut', schema)} c on t.feed = c.feed"
            ' and t."partition" = c."partition" and t."offset" <= c.reached'
        )
    # Spelt out, the cut lets the engine skip files, and costs a fifth of what the join does.
    passed = (
        f"(t.feed = {quoted_text(feed)}"
        f' and t."partition" = {number:d} and t."offset" <= {reached:d})'
        for (feed, number), reached in at.items()
    )
    return "where " + (" or ".join(passed) or "false")


@cache
def _no_rows(table: Table) -> str:
    """A select without rows that has the contract's columns.

    Part of the view's text: a table of its own costs as much as reading one that exists.
    """
    columns = (
        f"cast(null as {_engine_type(field.type)}) as {quoted_name(field.name)}"
        for field in table.schema
    )
    return f"select {', '.join(columns)} where false"


def _engine_type(kind: pa.DataType) -> str:
    """The engine's name of an Arrow type that a contract has."""
    if pa.types.is_list(kind):
        return f"{_engine_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        parts = (f"{quoted_name(part.name)} {_engine_type(part.type)}" for part in kind)
        return f"struct({', '.join(parts)})"
    return "blob" if pa.types.is_fixed_size_binary(kind) else _ENGINE_TYPES[kind]


_ENGINE_TYPES: Mapping[pa.DataType, str] = {
    pa.string(): "varchar",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.date32(): "date",
    pa.binary(): "blob",
    pa.timestamp("us", tz="UTC"): "timestamp with time zone",
}


# What has no schema is temporary: one connection alone sees it.
def _lasting(schema: str | None) -> str:
    return "temp" if schema is None else ""


def _place(name: str, schema: str | None) -> str:
    return quoted_name(name) if schema is None else f"{quoted_name(schema)}.{quoted_name(name)}"


def close_sandbox(connection: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> None:
    """Let a connection read these directories alone, and change no setting again."""
    # In this order: directories can no longer be allowed once external access is off.
    allowed = ", ".join(quoted_text(str(path)) for path in paths)
    connection.execute(f"set allowed_directories = [{allowed}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _only_reads(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    # The engine itself says what a statement is; `describe`, `show` and `from ...` are selects to
    # it. What is left out writes, and COPY would write even inside the sandbox's directories.
    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if kinds == [StatementType.EXPLAIN]:
        # `explain analyze` runs what it explains.
        return EXPLAIN.match(sql) is not None and _only_reads(connection, EXPLAIN.sub("", sql))
    return kinds == [StatementType.SELECT]


def _one_line(error: duckdb.Error) -> str:
    text = str(error)
    if isinstance(error, duckdb.ConversionException):
        text = QUOTED.sub("...", text)
    elif not isinstance(error, ABOUT_THE_QUERY):
        text = f"{type(error).__name__}: failed on a stored value, which is not shown"
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


@cache
def _delta_extension() -> Path:
    package = files("duckdb_extension_delta")
    name = f"extensions/v{duckdb.__version__}/delta.duckdb_extension"
    path = Path(str(package.joinpath(name)))
    if not path.exists():
        msg = (
            f"duckdb {duckdb.__version__} finds no delta extension of its own version;"
            " install duckdb and duckdb-extension-delta at the same version"
        )
        raise QueryError(msg)
    return path
