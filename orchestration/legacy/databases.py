"""A database that the nightly jobs write their extracts to, instead of files.

Here: one table or view per extract, named as the extract, with a `night` column; the rows of one
night as text in a table of an engine. Not here: how a value becomes text (as_text.py), or storing
rows (landing.py).

Columns are found by name, so their order does not matter. Clock readings are taken to be in the
hospital's zone. A night counts as complete when

- there is a table `extract_runs` (extract, night, rows), and it has the night with as many rows; or
- there is no such table, and the night has rows, or a later one has.

The URL is read in database_urls.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.legacy.as_text import NotTextError, text_column
from orchestration.legacy.database_urls import opened, parsed, place_of
from orchestration.legacy.errors import (
    ChangedColumnsError,
    DatabaseDownError,
    MissingTableError,
    NightIncompleteError,
    NightMissingError,
    OptionalNotDeliveredError,
    RowCountError,
    UnreadableTableError,
)
from orchestration.legacy.extracts import OPTIONAL, columns_of, refuse_other_columns
from orchestration.legacy.staging import Origin, digest, number_rows

NIGHT = "night"
RUNS = "extract_runs"
# Rows that are objects of Python at one time: more is hardly faster, and takes more memory.
BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class _Source:
    """One extract in an open database; `where` names it without credentials."""

    connection: sa.Connection
    extract: str
    table: Table
    where: str


def stage(
    engine: duckdb.DuckDBPyConnection,
    settings: Settings,
    extract: str,
    table: Table,
    night: date,
) -> Origin:
    """Read a night into the engine's table of staged rows, as text, in the order of the texts.

    Raises:
        ExtractError: The database is down, or has not what the contract says; the class says which.
    """
    secret = settings.extracts_url
    url = parsed(secret.get_secret_value() if secret else "")
    with opened(url) as connection:
        source = _Source(connection, extract, table, f"{place_of(url)}/{extract}")
        rows = _untold(source.where, lambda: _stage(engine, source, night))
    return Origin(source.where, digest(engine, table), settings.hospital_zone, rows)


def _stage(engine: duckdb.DuckDBPyConnection, source: _Source, night: date) -> int:
    statement = _statement(source, night)
    announced = _announced(source, night)
    names = columns_of(source.table)
    rows = number_rows(engine, source.table, _batches(source, statement, names))
    _refuse_unfinished(source, night, rows, announced)
    return rows


def _untold(where: str, read: Callable[[], int]) -> int:
    """Read, and turn what the database says into an error of ours: its words may quote rows."""
    try:
        return read()
    except DBAPIError as error:
        broke_off, kind = error.connection_invalidated, type(error.orig).__name__
    except SQLAlchemyError as error:
        broke_off, kind = False, type(error).__name__
    # Outside of the handlers, so that the database's error does not hang on to ours.
    if broke_off:
        raise DatabaseDownError(where, "the connection broke off", "see that the database is up")
    raise UnreadableTableError(
        where, f"the database refused to read it ({kind})", "see the database's log for the reason"
    )


def _statement(source: _Source, night: date) -> sa.Executable:
    """The query for one night: names of the contract, the night bound."""
    inspector = sa.inspect(source.connection)
    if not _has(inspector, source.extract):
        raise _no_table(source)
    found = {column["name"]: column["type"] for column in inspector.get_columns(source.extract)}
    if NIGHT not in found:
        raise ChangedColumnsError(
            source.where, f"it has no column {NIGHT}", "add it: the day on which the job ran"
        )
    others = [name for name in found if name != NIGHT]
    refuse_other_columns(source.where, others, source.table, ordered=False)
    names: list[sa.ColumnClause[object]] = [sa.column(name) for name in columns_of(source.table)]
    return (
        sa.select(*names)
        .select_from(sa.table(source.extract))
        .where(sa.column(NIGHT) == _bound(night, found[NIGHT], source.where))
    )


def _has(inspector: sa.Inspector, name: str) -> bool:
    return inspector.has_table(name) or name in inspector.get_view_names()


def _no_table(source: _Source) -> MissingTableError | OptionalNotDeliveredError:
    if source.extract in OPTIONAL:
        return OptionalNotDeliveredError(
            source.where, "there is no such table", "nothing is to be done if the hospital has none"
        )
    return MissingTableError(
        source.where, "there is no such table or view", "make one, with a column `night`"
    )


def _bound(night: date, kind: object, where: str) -> sa.BindParameter[object]:
    """The night as the column's type compares it: an index on the column stays of use."""
    if isinstance(kind, sa.DateTime):
        return sa.bindparam(NIGHT, datetime.combine(night, time(0)), sa.DateTime())
    if isinstance(kind, sa.Date):
        return sa.bindparam(NIGHT, night, sa.Date())
    if isinstance(kind, sa.String | sa.types.NullType):
        return sa.bindparam(NIGHT, night.isoformat(), sa.String())
    raise ChangedColumnsError(
        where, "its column night is neither a date nor a text", "make it a date"
    )


def _batches(
    source: _Source, statement: sa.Executable, names: tuple[str, ...]
) -> Iterator[pa.Table]:
    options = {"stream_results": True, "yield_per": BATCH_ROWS}
    with source.connection.execute(statement, execution_options=options) as result:
        for rows in result.partitions():
            try:
                columns = [text_column(values) for values in zip(*rows, strict=True)]
            except NotTextError as error:
                what = f"a column holds {error.kind}, which has no text of its own"
            else:
                yield pa.table(columns, list(names))
                continue
            raise UnreadableTableError(
                source.where, what, "name a view that casts it to text as the extract"
            )


def _announced(source: _Source, night: date) -> int | None:
    """How many rows the job says that the night has; None where it keeps no record of its runs."""
    inspector = sa.inspect(source.connection)
    if not _has(inspector, RUNS):
        return None
    kinds = {column["name"]: column["type"] for column in inspector.get_columns(RUNS)}
    where = f"{source.where}, table {RUNS}"
    if lacking := sorted({"extract", NIGHT, "rows"} - set(kinds)):
        raise ChangedColumnsError(where, f"it lacks {', '.join(lacking)}", "add them, or drop it")
    statement = (
        sa.select(sa.column("rows", sa.Integer()))
        .select_from(sa.table(RUNS))
        .where(sa.column("extract") == source.extract)
        .where(sa.column(NIGHT) == _bound(night, kinds[NIGHT], where))
    )
    told: list[Any] = [*source.connection.execute(statement).scalars()]
    if len(told) != 1:
        what = "the night is not finished yet" if not told else "the night is in it twice"
        raise NightIncompleteError(where, what, "see whether the job ran")
    return int(told[0])


def _refuse_unfinished(source: _Source, night: date, rows: int, announced: int | None) -> None:
    if announced is not None:
        if rows != announced:
            what = f"the night has {rows:,} rows, and {RUNS} says {announced:,}"
            raise RowCountError(source.where, what, "have the job write the night again")
    elif rows == 0 and not _is_passed(source, night):
        raise NightMissingError(
            source.where, f"it has no rows of {night}, nor of a later night", "see if the job ran"
        )


def _is_passed(source: _Source, night: date) -> bool:
    """Whether the table has a later night, so that this one is empty and not missing."""
    kinds = sa.inspect(source.connection).get_columns(source.extract)
    kind = next(column["type"] for column in kinds if column["name"] == NIGHT)
    later = (
        sa.select(sa.literal(1))
        .select_from(sa.table(source.extract))
        .where(sa.column(NIGHT) > _bound(night, kind, source.where))
        .limit(1)
    )
    return source.connection.execute(later).first() is not None
