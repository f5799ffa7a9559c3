"""The views that flip: `served.<job>`, each pointing where the ledger's last entry says.

Here: the views, and a connection that has them. Not here: what a job's rows are on either side
(orchestration/jobs/rows.py), or who may flip (deciding.py).

A view has the same columns in every state, and `served_by` says of each row which side it is from.
The ledger's one commit decides: a reader who opens the views before it sees the one side, after it
the other. Where the nightly rows serve, nothing of the stream is touched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

import duckdb

from lakehouse.batch.legacy import LEGACY
from lakehouse.batch_reading import MARTS, attach_zone, is_stored
from lakehouse.catalogue import attach, connect, quoted_name, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.jobs.rows import install
from orchestration.migration.entering import state_of
from orchestration.migration.errors import MigrationError
from orchestration.migration.gates_nights import flip_of
from orchestration.migration.ledger import Entry, job_entries
from orchestration.migration.states import SERVED_BY_STREAM

SCHEMA = "served"
LAKE_SCHEMA = "lake"
# The mart that answers a job which stays in batch.
MART_OF = {
    "readmissions": "readmissions_by_quarter",
    "charge_reconciliation": "charge_reconciliation",
}
# Where a row is from: of each side the other's are null.
OF_STREAM = {
    "received_at": "timestamptz",
    "feed": "varchar",
    "partition": "integer",
    "offset": "bigint",
    "row": "integer",
}
OF_LEGACY = {"source": "varchar", "line": "bigint"}
_SPAN = """
select
    max(closes) filter (night = $flipped),
    coalesce(min(closes) filter (closes > $clock), max(closes))
from jobs.nights
"""
FIRST, LAST = "date '0001-01-01'", "date '9999-12-31'"


def show_served(connection: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings) -> None:
    """Make the schema `served` with one view per job.

    A job that stays in batch has its mart as view, and none until the mart is built.

    Args:
        connection: A connection with the delta extension and the stream's tables in the schema
            `lake` (`catalogue.attach`). The schemas `legacy` and `jobs` are made where they are
            missing.
        lake: The lake whose ledger decides.
        settings: The hospital's zone and hour.
    """
    if not _has_schema(connection, "legacy"):
        attach_zone(connection, lake, "legacy")
    entries = job_entries(lake)
    flips = [flip for line in entries.values() if (flip := flip_of(line)) is not None]
    # Where the nightly rows serve, nothing of the stream is touched.
    clock = _clock(connection, lake) if flips else None
    if not _has_schema(connection, "jobs"):
        nights = _nights(settings, flips, clock)
        install(connection, LAKE_SCHEMA, settings=settings, nights=nights)
    connection.execute(f"create schema {SCHEMA}")
    for job in JOBS.values():
        body = _body(connection, lake, job, entries.get(job.name, []), clock)
        if body is not None:
            connection.execute(f"create view {SCHEMA}.{quoted_name(job.name)} as {body}")


def served_paths(lake: Lake) -> list[Path]:
    """The directories that the views read beside the stream's tables, for a sandbox to allow."""
    return [*map(lake.path, LEGACY), *(lake.root / MARTS / name for name in MART_OF.values())]


@contextmanager
def opened(
    lake: Lake, settings: Settings, at: Cut | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the stream's tables at a cut, and the served views."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        attach(connection, lake, LAKE_SCHEMA, at=at)
        show_served(connection, lake, settings)
        yield connection


def columns_of(job: JobContract) -> list[str]:
    """The columns of a job's view that tell of the job itself, `night` first."""
    compared = [one.name for one in job.compared]
    return list(dict.fromkeys(["night", *job.key, *compared, "encounter_id"]))


def _body(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    job: JobContract,
    entries: list[Entry],
    clock: datetime | None,
) -> str | None:
    if job.decision == "kept_in_batch":
        return _mart(lake, job)
    flipped = flip_of(entries)
    if flipped is None or state_of(entries, job) not in SERVED_BY_STREAM:
        return _legacy(job, None)
    return f"{_legacy(job, flipped)} union all {_stream(connection, job, flipped, clock)}"


def _mart(lake: Lake, job: JobContract) -> str | None:
    path = lake.root / MARTS / MART_OF[job.name]
    if not is_stored(path):
        return None
    return f"select *, 'batch' as served_by from delta_scan({quoted_text(str(path))})"  # noqa: S608 a path, quoted


def _legacy(job: JobContract, last: date | None) -> str:
    upto = f"date {quoted_text(last.isoformat())}" if last else LAST
    absent = ", ".join(f"cast(null as {kind}) as {quoted_name(n)}" for n, kind in OF_STREAM.items())
    own = ", ".join(map(quoted_name, (*columns_of(job), *OF_LEGACY)))
    rows = f"jobs.{quoted_name(f'legacy_{job.name}')}({FIRST}, {upto})"
    return f"select {own}, {absent}, 'legacy' as served_by from {rows}"  # noqa: S608 contract's names and a date


def _stream(
    connection: duckdb.DuckDBPyConnection, job: JobContract, flipped: date, clock: datetime | None
) -> str:
    opens, closes = (f"timestamptz {quoted_text(at)}" for at in _span(connection, flipped, clock))
    absent = ", ".join(f"cast(null as {kind}) as {quoted_name(n)}" for n, kind in OF_LEGACY.items())
    named = ", ".join(map(quoted_name, columns_of(job)))
    placed = ", ".join(map(quoted_name, OF_STREAM))
    rows = f"jobs.{quoted_name(f'stream_{job.name}')}({opens}, {closes})"
    return f"select {named}, {absent}, {placed}, 'stream' as served_by from {rows}"  # noqa: S608 contract's names and times


def _span(
    connection: duckdb.DuckDBPyConnection, flipped: date, clock: datetime | None
) -> tuple[str, str]:
    # Up to the run that is still to come by the lake's clock: its night is the live one. Asked
    # once, because a run that never comes would be asked of every fact.
    found = connection.execute(_SPAN, {"flipped": flipped, "clock": clock}).fetchone()
    opens, closes = found or (None, None)
    if opens is None or closes is None:
        msg = f"the flip at night {flipped} lies outside the known nights; check first_night"
        raise MigrationError(msg)
    return str(opens), str(closes)


def _clock(connection: duckdb.DuckDBPyConnection, lake: Lake) -> datetime | None:
    """When the newest message up to the connection's cut was received."""
    found = connection.execute('select feed, "partition", reached from lake.cut')
    at = Cut({(feed, number): reached for feed, number, reached in found.fetchall()})
    # On a connection of our own: whoever reads the views may not be shown the messages.
    with connect(lake, tables=(RAW_MESSAGES,), at=at) as own:
        newest = own.execute("select max(received_at) from raw_messages").fetchone()
    return cast("datetime | None", newest[0]) if newest else None


def _nights(settings: Settings, flips: list[date], clock: datetime | None) -> list[date]:
    """The nights that the stream's side can be asked for, the live one among them."""
    if not flips:
        return [settings.first_night]
    first = min(settings.first_night, *flips)
    last = max(*flips, clock.date() if clock else first)
    # The run to come is on the day of the clock or the next, wherever the hospital is.
    return [first + timedelta(days=day) for day in range((last - first).days + 3)]


def _has_schema(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    sql = "select count(*) from information_schema.schemata where schema_name = ?"
    (count,) = connection.execute(sql, [name]).fetchone() or (0,)
    return bool(count)
