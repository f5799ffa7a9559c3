"""Asking the questions of the report, all at one cut.

Here: a DuckDB of its own over the lake, its marts and the zones of batch work, and the stable form
of the report. Not here: the questions (questions.py), or the page (page.py).
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from lakehouse.batch import BATCH_TABLES
from lakehouse.batch_reading import attach_marts, attach_zone
from lakehouse.catalogue import attach
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.lake import Lake
from lakehouse.mart_history import at_one_cut
from lakehouse.settings import Settings
from orchestration.migration import reporting
from orchestration.report.findings import finding
from orchestration.report.questions import MIGRATION, QUESTIONS
from orchestration.report.section import Answer, Question, Row

# The period of a report, back from the newest message: two shift rotas.
DAYS = 28
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
ZONES = tuple(dict.fromkeys(table.zone for table in BATCH_TABLES.values()))


@dataclass(frozen=True, slots=True)
class Report:
    """Every answer at one cut; `since` and `until` bound what was received."""

    made_at: datetime
    cut: Cut
    since: datetime
    until: datetime | None
    answers: tuple[Answer, ...]

    def to_json(self) -> dict[str, Any]:
        """The stable form of the report."""
        return {
            "made_at": self.made_at,
            "cut": self.cut.to_json(),
            "since": self.since,
            "until": self.until,
            "sections": [answer.to_json() for answer in self.answers],
        }


def report(
    lake: Lake,
    settings: Settings,
    *,
    days: int = DAYS,
    now: datetime | None = None,
    tell: Callable[[Question], object] = lambda _question: None,
) -> Report:
    """Ask every question at the newest cut.

    Args:
        lake: The lake; it is only read.
        settings: The hospital's time zone, and what the migration's status rests on.
        days: Length of the period, back from the newest message.
        now: The time at which the report is made; the clock's where None.
        tell: Told of each question before it is asked.
    """
    moment = now or datetime.now(UTC)
    at = cut_now(lake)
    with closing(_connection(lake, at)) as engine:
        until = _newest(engine)
        since = LONG_AGO if until is None else until - timedelta(days=days)
        bound = {"since": since, "zone": settings.hospital_zone}
        answers = []
        for question in QUESTIONS:
            tell(question)
            if question is MIGRATION:
                rows = _migration(lake, settings, moment)
            else:
                rows = _rows(engine, question, bound)
            answers.append(Answer(question, tuple(rows), finding(question, rows)))
    return Report(moment, at, since, until, tuple(answers))


def _connection(lake: Lake, at: Cut) -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect()
    engine.execute("set TimeZone = 'UTC'")
    attach(engine, lake, "lake", at=at)
    attach_marts(engine, lake, {mart: one.version for mart, one in at_one_cut(lake).items()})
    for zone in ZONES:
        attach_zone(engine, lake, zone)
    return engine


def _newest(engine: duckdb.DuckDBPyConnection) -> datetime | None:
    asked = "select max(received_at) from lake.raw_messages"
    newest: tuple[datetime | None] | None = engine.execute(asked).fetchone()
    return newest[0] if newest else None


def _rows(
    engine: duckdb.DuckDBPyConnection, question: Question, bound: Mapping[str, object]
) -> list[Row]:
    """The rows of one question; none where it asks a mart that no build has stored yet."""
    schema, _, table = question.table.partition(".")
    if schema == "marts" and not _has(engine, table):
        return []
    values = {name: value for name, value in bound.items() if f"${name}" in question.sql}
    return list(engine.execute(question.sql, values or None).to_arrow_table().to_pylist())


def _has(engine: duckdb.DuckDBPyConnection, mart: str) -> bool:
    asked = "select 1 from duckdb_views() where schema_name = 'marts' and view_name = ?"
    return engine.execute(asked, [mart]).fetchone() is not None


def _migration(lake: Lake, settings: Settings, now: datetime) -> list[Row]:
    found = (reporting.as_json(one) for one in reporting.status(lake, settings, now))
    return [{name: one[name] for name in MIGRATION.columns} for one in found]
