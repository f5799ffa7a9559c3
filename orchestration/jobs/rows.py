"""The rows of the nightly jobs, one definition for the comparison and for the served views.

Here: `install`, which puts the table macros `jobs.stream_<job>(opens, closes)` and
`jobs.legacy_<job>(first_night, last_night)` into a connection, and the table `jobs.nights` that
says when each night opens and closes. Both macros of a job have the same columns, in the same types
and order: `night`, the rest of the contract's key, its compared columns, `encounter_id`; where the
rows come from follows. Not here: the SQL (stream_sql.py, legacy_sql.py), or comparing
(orchestration/reconciliation).
"""

from collections.abc import Iterable
from datetime import date, timedelta

import duckdb
import pyarrow as pa

from lakehouse.catalogue import quoted_name
from lakehouse.columns import UTC
from lakehouse.settings import Settings
from orchestration.jobs import legacy_sql, stream_sql
from orchestration.jobs.items import CODE_SYSTEMS, canonical, items, spellings
from orchestration.nights import midnight, run_at

# Nights that a connection knows unless it is told which: ten years from the first.
KNOWN_NIGHTS = 3_653

WORDS = (
    # As a sender writes one: no exponent, no infinity.
    r"""
    create macro jobs.number_in(words) as
        if(regexp_full_match(trim(words), '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)'),
           try_cast(trim(words) as double), null)
    """,
    """
    create macro jobs.number_sent(number, comparator, words) as
        if(comparator is null, coalesce(number, jobs.number_in(words)), null)
    """,
    # Most clocks are UTC, and for them the engine's zone law, twenty times as slow, is not asked.
    """
    create macro jobs.instant(reading, zone) as
        if(zone = 'UTC', make_timestamptz(epoch_us(try_cast(reading as timestamp))),
           timezone(zone, try_cast(reading as timestamp)))
    """,
    # The key under which `clinical.normalise.units` keeps a spelling.
    """
    create macro jobs.folded(unit) as translate(lower(unit), 'º˚μµ ', '°°uu')
    """,
    # A feed may say more of an item than its number (`50821-ART`, `582/CVVHD Start`); an extract
    # has the number alone.
    r"""
    create macro jobs.item_of(code) as regexp_replace(code, '^([0-9]+)[-/].*$', '\1')
    """,
    # The placer's number of a prescription; administrations have numbers of other shapes.
    """
    create macro jobs.prescription(order_id) as
        nullif(regexp_extract(order_id, '^RX([0-9]+)$', 1), '')
    """,
)


def install(
    connection: duckdb.DuckDBPyConnection,
    schema: str = "lake",
    *,
    settings: Settings,
    nights: Iterable[date] | None = None,
) -> None:
    """Make the schema `jobs` with the macros of every job that has rows on both sides.

    Args:
        connection: A connection with the lake's tables in `schema` (catalogue.attach) and the
            landed tables in the schema `legacy` (batch_reading.attach_zone).
        schema: The schema of the lake's tables.
        settings: The hospital's zone and the hour of its jobs.
        nights: The nights to know; ten years from the first of the settings where None.
    """
    connection.execute("create schema jobs")
    _add_table(connection, "nights", _nights(settings, nights))
    for name, rows in (("items", items()), ("spellings", spellings()), ("canonical", canonical())):
        _add_table(connection, name, rows)
    for statement in WORDS:
        connection.execute(statement)
    for statement in stream_sql.MACROS:
        connection.execute(statement.format(lake=quoted_name(schema), **CODE_SYSTEMS))
    for statement in legacy_sql.MACROS:
        connection.execute(statement)


def _nights(settings: Settings, chosen: Iterable[date] | None) -> pa.Table:
    first = settings.first_night
    known = (first + timedelta(days=n) for n in range(KNOWN_NIGHTS)) if chosen is None else chosen
    rows = [
        {
            "night": night,
            "opens": run_at(night - timedelta(days=1), settings),
            "midnight": midnight(night, settings),
            "closes": run_at(night, settings),
            "next_midnight": midnight(night + timedelta(days=1), settings),
        }
        for night in sorted(known)
    ]
    instants = ("opens", "midnight", "closes", "next_midnight")
    schema = pa.schema([("night", pa.date32()), *((name, UTC) for name in instants)])
    return pa.Table.from_pylist(rows, schema)


def _add_table(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("job_rows", rows)
    connection.execute(f"create table jobs.{quoted_name(name)} as from job_rows")
    connection.unregister("job_rows")
