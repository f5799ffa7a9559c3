"""Every patient of a lake judged at one cut, and the tables of it stored.

Here: one chunk after the other through the definitions, into five tables that are replaced as
wholes. Not here: reading chunks (chunks.py), SOFA's hours (sofa.py), Dagster (assets.py).
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from clinical.adjudication.antimicrobial_days import ends_early
from clinical.adjudication.evidence import Patient
from clinical.adjudication.judgement import Circumstances, Place, judge
from clinical.adjudication.version import adjudication_version
from lakehouse.arrivals import add_runs, arrivals
from lakehouse.batch.sepsis import (
    ADULT_SEPSIS_EVENTS,
    SEPSIS,
    SEPSIS_ONSETS,
    SEPTIC_SHOCK,
    SOFA_HOURLY,
    SUSPECTED_INFECTIONS,
)
from lakehouse.catalogue import attach, quoted_name
from lakehouse.cuts import Cut, cut
from lakehouse.lake import Lake
from lakehouse.publishing import replace_rows
from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.adjudication.chunks import ROWS, chunks
from orchestration.adjudication.sofa import sofa_hourly
from orchestration.replays.runs import instant
from orchestration.replays.scratch import engine, scratch

JUDGED = (SUSPECTED_INFECTIONS, SEPSIS_ONSETS, SEPTIC_SHOCK, ADULT_SEPSIS_EVENTS)


@dataclass(frozen=True, slots=True)
class Adjudication:
    """One run: at which cut, how many rows of each table, and how long it took."""

    cut: Cut
    rows: Mapping[str, int]
    seconds: float


def adjudicate(
    lake: Lake, settings: Settings, at: Cut | None = None, *, facts: int = ROWS
) -> Adjudication:
    """Judge every patient; replaces the tables of the zone, each as a whole.

    Twice at one cut gives the same rows.

    Args:
        lake: The lake, open for writing.
        settings: The hospital's zone, which days are of.
        at: The cut; the lake's newest where None.
        facts: Facts that are judged in one go, whole patients at least.
    """
    began, line = instant(), cut(lake) if at is None else at
    run = f"adjudication-{began:%Y%m%dT%H%M%S}"
    with scratch(lake, run) as place, closing(_opened(place, lake, line)) as connection:
        _judge_all(connection, ZoneInfo(settings.hospital_zone), facts)
        for table in SEPSIS:
            made = f"made.{quoted_name(table.name)}"
            replace_rows(connection, lake, table, made, run=run, cut=json.dumps(line.to_json()))
        rows = {table.name: _count(connection, table) for table in SEPSIS}
    return Adjudication(line, rows, (instant() - began).total_seconds())


def _opened(place: Path, lake: Lake, at: Cut) -> duckdb.DuckDBPyConnection:
    connection = engine(place)
    attach(connection, lake, "lake", at=at)
    add_runs(connection, arrivals(lake, at))
    return connection


def _judge_all(connection: duckdb.DuckDBPyConnection, zone: ZoneInfo, rows: int) -> None:
    connection.execute("create schema made")
    for table in SEPSIS:
        _add(connection, table, table.schema.empty_table(), "create table {} as from rows")
    for facts in chunks(connection, rows):
        sofa = sofa_hourly(facts)
        _add(connection, SOFA_HOURLY, sofa)
        judgement = judge(facts, sofa, zone, circumstances(facts))
        for table in JUDGED:
            found: pa.Table = getattr(judgement, table.name)
            version = pa.repeat(pa.scalar(adjudication_version()), found.num_rows)
            _add(connection, table, table.conform(found.append_column("rules_version", version)))


def _add(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: pa.Table,
    sql: str = "insert into {} from rows",
) -> None:
    connection.register("rows", rows)
    connection.execute(sql.format(f"made.{quoted_name(table.name)}"))
    connection.unregister("rows")


def _count(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    sql = f"select count(*) from made.{quoted_name(table.name)}"  # noqa: S608 our name
    (count,) = connection.execute(sql).fetchone() or (0,)
    return int(count)


def circumstances(facts: Mapping[str, pa.Table]) -> Circumstances:
    """What ended visits early, when patients were born, and what the stream raised."""
    people, moves = _rows(facts["patient_demographics"]), _rows(facts["encounter_events"])
    born: dict[Patient, date] = {}
    for row in people:
        if row["birth_date"] is not None:
            born[_patient(row)] = row["birth_date"]
    died = {_patient(row): row["died_at"] for row in people if row["died_at"] is not None}
    ended: dict[Place, int] = {}
    for row in moves:
        place = (_patient(row), row["encounter_id"])
        discharged = row["discharged_at"] or row["event_at"]
        if ends_early(row["discharge_disposition"]) and discharged is not None:
            ended[place] = discharged
        elif _patient(row) in died:
            ended.setdefault(place, died[_patient(row)])
    raised: dict[Place, list[int]] = defaultdict(list)
    for row in _rows(facts["alerts"]):
        raised[_patient(row), row["encounter_id"]].append(row["raised_at"])
    return Circumstances(born, ended, {place: sorted(at) for place, at in raised.items()})


def _patient(row: Mapping[str, Any]) -> Patient:
    return row["facility"], row["patient_id"]


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows with instants as integers, in the order in which they were learnt."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            whole = pc.cast(table[field.name], pa.timestamp("us", "UTC")).cast(pa.int64())
            table = table.set_column(place, field.name, whole)
    found: list[dict[str, Any]] = table.to_pylist()
    return found
