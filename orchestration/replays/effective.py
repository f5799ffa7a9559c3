"""Replay in effective order: the record of truth, and how late the stream knew it.

Here: one such replay from the lake to its tables, and the evidence. Not here: which facts are final
(truth.py), the fold (fold.py), or what is late (lateness.py).
"""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from clinical.detection.batch_clock import BatchClock
from clinical.detection.version import rules_version
from lakehouse.arrivals import add_runs, arrivals
from lakehouse.batch.replays import ALERTS_OF_RECORD, LATENESS, SCORES_OF_RECORD
from lakehouse.catalogue import attach, quoted_name
from lakehouse.cuts import Cut, cut
from lakehouse.lake import Lake
from lakehouse.publishing import replace_rows
from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.replays.fold import fold
from orchestration.replays.lateness import add_lateness
from orchestration.replays.runs import ReplayRun, instant, new_id, record
from orchestration.replays.scratch import engine, scratch
from orchestration.replays.truth import settle

MADE = (SCORES_OF_RECORD, ALERTS_OF_RECORD, LATENESS)


def replay_in_effective_order(lake: Lake, settings: Settings, at: Cut | None = None) -> ReplayRun:
    """Fold the final facts in the order in which they were true; replaces the tables of record.

    Writes `scores_of_record`, `alerts_of_record` and `lateness`, each as a whole, so that a reader
    sees those of the run before or those of this one.

    Args:
        lake: The lake, open for writing.
        settings: The hospital's clock.
        at: The cut; the lake's newest where None.
    """
    began, line = instant(), cut(lake) if at is None else at
    replay_id = new_id("effective", began)
    with scratch(lake, replay_id) as place, closing(_opened(place, lake, line)) as connection:
        make_record(connection, settings)
        add_lateness(connection, replay_id)
        for table in MADE:
            replace_rows(connection, lake, table, f"made.{table.name}", run=replay_id)
        concluded = _conclude(connection, replay_id, began, line)
    record(lake, concluded)
    return concluded


def _opened(place: Path, lake: Lake, at: Cut) -> duckdb.DuckDBPyConnection:
    connection = engine(place)
    attach(connection, lake, "lake", at=at)
    add_runs(connection, arrivals(lake, at))
    return connection


def make_record(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make `made.scores_of_record` and `made.alerts_of_record`.

    The connection has the lake's tables in the schema `lake`, with `survivors`, and the temporary
    table `runs`.
    """
    connection.execute("create schema made")
    for table in (SCORES_OF_RECORD, ALERTS_OF_RECORD):
        _create(connection, table)
    settle(connection)
    clock = BatchClock(ZoneInfo(settings.hospital_zone), settings.batch_hour)
    for piece in fold(connection, clock):
        _add(connection, SCORES_OF_RECORD, piece.scores)
        _add(connection, ALERTS_OF_RECORD, piece.alerts)


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.register("no_rows", table.schema.empty_table())
    connection.execute(f"create table made.{quoted_name(table.name)} as from no_rows")
    connection.unregister("no_rows")


def _add(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table | None) -> None:
    if rows is not None:
        connection.register("piece", rows)
        connection.execute(f"insert into made.{quoted_name(table.name)} from piece")
        connection.unregister("piece")


def _conclude(
    connection: duckdb.DuckDBPyConnection, replay_id: str, began: datetime, at: Cut
) -> ReplayRun:
    tables = {table.name: {"rows": _count(connection, table)} for table in MADE}
    messages, first, last = connection.execute(_MESSAGES).fetchone() or (0, None, None)
    return ReplayRun(
        replay_id=replay_id,
        replay_order="effective",
        began_at=began,
        ended_at=instant(),
        cut=at,
        rules_version=rules_version(),
        first_received_at=first,
        last_received_at=last,
        messages=messages,
        rows=sum(counts["rows"] for counts in tables.values()),
        differing=_differing(connection),
        is_equal=None,
        tables=tables,
        other_rules={},
        verdict=_verdict(connection, tables),
    )


_MESSAGES = "select count(*), min(received_at), max(received_at) from lake.raw_messages"


def _count(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    (count,) = connection.execute(f"select count(*) from made.{table.name}").fetchone() or (0,)  # noqa: S608
    return int(count)


def _differing(connection: duckdb.DuckDBPyConnection) -> int:
    sql = "select count(*) from made.lateness where cause <> 'none'"
    (count,) = connection.execute(sql).fetchone() or (0,)
    return int(count)


def _verdict(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Mapping[str, int]]) -> str:
    rises, apart = tables[LATENESS.name]["rows"], _differing(connection)
    return f"of {rises} rises in truth or in the stream, the stream knew {apart} late or otherwise"
