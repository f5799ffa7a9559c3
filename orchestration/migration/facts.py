"""What gates are computed from: one look at the lake, at one cut and at written-down versions.

Here: `Facts`, which all gates of all jobs share, `Case`, what concerns one job, and the newest
comparison of each of its nights. Not here: what follows from it (gates_*.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

import duckdb

from lakehouse import delta_log
from lakehouse.batch import BATCH_TABLES
from lakehouse.batch.reconciliation import CLASSES, NIGHTS
from lakehouse.catalogue import connect, cursor, quoted_text
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import TABLES, Table
from orchestration.jobs.contract import JobContract
from orchestration.migration.ledger import Entry, job_entries

Made = TypeVar("Made")

_NEWEST = """
select * from {nights}
qualify row_number() over (
    partition by job, night order by compared_at desc, evidence_id desc
) = 1
order by job, night
"""


@dataclass(frozen=True, slots=True)
class Night:
    """The newest comparison of one job's night."""

    evidence_id: str
    job: str
    night: date
    compared_at: datetime
    cutoff_at: datetime
    rules_version: str
    legacy_rows: int
    stream_rows: int
    repeated: int
    classes: Mapping[str, int]
    unexplained: int
    wrong_patients: int
    match_share: float | None

    @property
    def evidence(self) -> str:
        """The night as evidence names it."""
        return f"night:{self.evidence_id}"


@dataclass(frozen=True, slots=True)
class Facts:
    """The lake at one cut. `made` keeps what is costly, so that it is worked out once."""

    lake: Lake
    settings: Settings
    now: datetime
    at: Cut
    versions: Mapping[str, int]
    entries: Mapping[str, list[Entry]]
    made: dict[str, Any] = field(default_factory=dict, repr=False)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` gives, made when it is first asked for."""
        if name not in self.made:
            self.made[name] = make()
        return cast("Made", self.made[name])

    def source(self, table: Table) -> str | None:
        """A batch table at its written-down version, as SQL reads it; None where there is none."""
        if table.name not in self.versions:
            return None
        path = quoted_text(str(self.lake.path(table)))
        return f"delta_scan({path}, version => {self.versions[table.name]:d})"

    def ask(self, sql: str, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Rows of a query over sources, written in code; values are bound by the engine."""
        with cursor() as connection:
            connection.execute("set TimeZone = 'UTC'")
            return _rows(connection, sql, values)

    def ask_stream(
        self, tables: Sequence[Table], sql: str, values: Mapping[str, object] | None = None
    ) -> list[dict[str, Any]]:
        """Rows of a query over tables of the stream, at the cut."""
        with connect(self.lake, tables=tables, at=self.at) as connection:
            return _rows(connection, sql, values)

    def nights(self) -> dict[str, list[Night]]:
        """The newest comparison of every night, by job, the oldest night first."""
        return self.once("nights", self._nights)

    def _nights(self) -> dict[str, list[Night]]:
        found: dict[str, list[Night]] = {}
        if (source := self.source(NIGHTS)) is not None:
            for row in self.ask(_NEWEST.format(nights=source)):
                found.setdefault(row["job"], []).append(_night(row))
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """What concerns one job."""

    job: JobContract
    facts: Facts

    @property
    def settings(self) -> Settings:
        """The deployment's thresholds."""
        return self.facts.settings

    @property
    def nights(self) -> list[Night]:
        """The newest comparison of every night of the job, the oldest first."""
        return self.facts.nights().get(self.job.name, [])

    @property
    def newest(self) -> list[Night]:
        """The nights that a promotion looks at: the newest so many."""
        return self.nights[-self.settings.matching_nights :]

    @property
    def entries(self) -> list[Entry]:
        """The job's line of the ledger."""
        return self.facts.entries.get(self.job.name, [])


def gather(lake: Lake, settings: Settings, now: datetime) -> Facts:
    """Look at a lake once: the cut first, then every table's version."""
    at = cut_now(lake)
    return Facts(lake, settings, now, at, versions_of(lake), job_entries(lake))


def versions_of(lake: Lake) -> dict[str, int]:
    """The newest version of every table that exists."""
    known = (*TABLES.values(), *BATCH_TABLES.values())
    found = {table.name: delta_log.versions(lake.path(table)) for table in known}
    return {name: numbers[-1] for name, numbers in found.items() if numbers}


def run_of(nights: list[Night], holds: Callable[[Night], bool]) -> list[Night]:
    """The unbroken run of nights that ends with the newest one; a missing night breaks it."""
    run: list[Night] = []
    for one in reversed(nights):
        if not holds(one) or (run and run[0].night - one.night != timedelta(days=1)):
            break
        run.insert(0, one)
    return run


def matches(one: Night, share: float) -> bool:
    """Whether enough keys of a night match; a night without any key has nothing that differs."""
    return one.match_share is None or one.match_share >= share


def matching_run(case: Case) -> list[Night]:
    """The unbroken run of matching nights up to the newest."""
    return run_of(case.nights, partial(matches, share=case.settings.match_share))


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object] | None
) -> list[dict[str, Any]]:
    found = connection.execute(sql, dict(values) if values else None).to_arrow_table()
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def _night(row: dict[str, Any]) -> Night:
    same = ("evidence_id", "job", "night", "compared_at", "cutoff_at", "rules_version")
    counts = ("legacy_rows", "stream_rows", "unexplained", "wrong_patients", "match_share")
    return Night(
        **{name: row[name] for name in (*same, *counts)},
        repeated=row["legacy_repeated"] + row["stream_repeated"],
        classes={name: row[name] for name in CLASSES},
    )
