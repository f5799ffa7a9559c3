"""What the adjudicated tables show: their checks, and counts of what was found.

Here: SQL over the zone, and metadata without a value or an identifier of a patient. Not here: the
assets (assets.py).
"""

from collections.abc import Mapping

import dagster as dg
import duckdb

from lakehouse.batch.sepsis import (
    ADULT_SEPSIS_EVENTS,
    SEPSIS,
    SEPSIS_ONSETS,
    SEPTIC_SHOCK,
    SOFA_HOURLY,
    ZONE,
)
from lakehouse.batch_reading import attach_zone
from lakehouse.catalogue import attach, quoted_name
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import DIAGNOSES, MEDICATION_EVENTS, OBSERVATIONS, ORDER_EVENTS, Table
from orchestration.shown import markdown_table

# What the time of a result is called in each table that says whether it is met.
_DATED: Mapping[str, str] = {
    SEPSIS_ONSETS.name: "onset_at",
    SEPTIC_SHOCK.name: "shock_at",
    ADULT_SEPSIS_EVENTS.name: "onset_on",
}
_QUOTED = (OBSERVATIONS, ORDER_EVENTS, MEDICATION_EVENTS, DIAGNOSES)


def _unique(table: Table) -> str:
    key = ", ".join(map(quoted_name, table.key))
    doubled = f"select {key} from {_place(table)} group by all having count(*) > 1"  # noqa: S608 our names
    return f"select count(*) from ({doubled})"  # noqa: S608 as above


def _said(table: Table) -> str:
    at = _DATED[table.name]
    return (
        f"select count(*) from {_place(table)} where is_met <> (reason is null)"  # noqa: S608 our names
        f" or is_met <> ({at} is not null) or is_met <> (known_at is not null)"
    )


def _rests(table: Table) -> str:
    there = " union all ".join(
        f"""select '{one.name}' as "table", feed, "partition", "offset", "row" """  # noqa: S608 our names
        f"from lake.{quoted_name(one.name)}"
        for one in _QUOTED
    )
    return f"""
    with quoted as (
        select distinct unnest(sources, recursive := true) from {_place(table)}
    )
    select count(*) from quoted
    anti join ({there}) using ("table", feed, "partition", "offset", "row")
    """  # noqa: S608 our names


def _place(table: Table) -> str:
    return f"{ZONE}.{quoted_name(table.name)}"


def _sql_of(table: Table) -> dict[str, str]:
    found = {"key_is_unique": _unique(table)}
    if table.name in _DATED:
        found["reason_or_result"] = _said(table)
    if table is not SOFA_HOURLY:
        found["rests_on_facts"] = _rests(table)
    return found


SQL_OF: Mapping[str, Mapping[str, str]] = {table.name: _sql_of(table) for table in SEPSIS}


def opened(lake: Lake, at: Cut) -> duckdb.DuckDBPyConnection:
    """The zone's tables, and those of the stream at the cut that they were made at."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    attach(connection, lake, "lake", at=at)
    attach_zone(connection, lake, ZONE)
    return connection


def failures(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, int]:
    """Rows that fail each check of a table."""
    return {
        name: int((connection.execute(sql).fetchone() or (0,))[0])
        for name, sql in SQL_OF[table.name].items()
    }


def of_table(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, dg.MetadataValue]:
    """How often each variant is met and what was wanting, as a table."""
    if table.name not in _DATED:
        return {}
    sql = (
        "select variant, if(is_met, 'met', reason) as answer, count(*)"  # noqa: S608 our name
        f" from {_place(table)} group by all order by all"
    )
    rows = connection.execute(sql).fetchall()
    return {"answers": dg.MetadataValue.md(markdown_table(("variant", "answer", "visits"), rows))}
