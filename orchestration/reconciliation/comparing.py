"""Holding a nightly job against the stream: one night of one job.

Here: `compare`, and `compare_nights` for a range. Not here: rows (orchestration/jobs/rows.py), what
differs (sides.py), why (deciding.py and the rules), evidence (evidence.py), landing the job's
extract (orchestration/legacy).

What the stream knew at the night's cutoff is held against what the job left. The same cut and the
same landed rows give the same differences, also the same identity of the evidence.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from time import perf_counter

import duckdb
from deltalake import DeltaTable

from clinical.detection.version import rules_version
from lakehouse.batch.reconciliation import DIFFERENCES, MATCHED
from lakehouse.batch_reading import attach_zone
from lakehouse.catalogue import attach, quoted_text
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.lake import Lake
from lakehouse.publishing import replace_rows
from lakehouse.settings import Settings
from lakehouse.tables import (
    ENCOUNTER_EVENTS,
    IDENTITY_EVENTS,
    MEDICATION_EVENTS,
    OBSERVATIONS,
    Table,
)
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.jobs.rows import install
from orchestration.reconciliation import differences, result_rules, snapshot_rules
from orchestration.reconciliation.deciding import decide
from orchestration.reconciliation.errors import NightNotLandedError, UnknownJobError
from orchestration.reconciliation.evidence import (
    Night,
    append_night,
    refuse_older_cut,
    unexplained,
)
from orchestration.reconciliation.sides import Counts, gather
from orchestration.reconciliation.window import Window, window_of

# Beyond it the engine spills to the lake's disk; a night of a million rows needs less.
MEMORY_LIMIT = "1GB"

# The stream's tables that any job or any cause is read from.
READ = (OBSERVATIONS, ENCOUNTER_EVENTS, MEDICATION_EVENTS, IDENTITY_EVENTS)

Progress = Callable[[Night], None]


def compare(
    lake: Lake,
    settings: Settings,
    job: str,
    night: date,
    at: Cut | None = None,
    *,
    backwards: bool = False,
    now: datetime | None = None,
) -> Night:
    """Compare one night of one job, store its differences, and append the evidence.

    Args:
        lake: The lake, open for writing.
        settings: The hospital's zone and the hour of its jobs.
        job: A job that is to migrate.
        night: Local day on which the job ran; its extract has been landed.
        at: The cut to read the stream at; the newest where None.
        backwards: Whether the cut may be older than that of the night's newest comparison.
        now: When this is; the clock's where None.

    Raises:
        UnknownJobError: No such job is held against the stream.
        NightNotLandedError: The night's extract was not landed.
        CutBackwardsError: The cut is older than one that the night was compared at.
        AppendError: It could not be stored.
    """
    began, contract = perf_counter(), contract_of(job)
    line = cut_now(lake) if at is None else at
    refuse_older_cut(lake, job, night, line, backwards=backwards)
    window = window_of(contract, night, settings)
    with _opened(lake, settings, contract, window, line) as connection:
        landed = _landed_as(connection, lake, contract.landed[0], night)
        counts = gather(connection, contract, window)
        rules = snapshot_rules if contract.kind == "snapshot" else result_rules
        decide(connection, rules.steps(connection, contract, window))
        evidence_id = _identity(contract, night, line, landed)
        differences.show(connection, contract, window, evidence_id)
        _store(connection, lake, contract, night, evidence_id)
        by_class, wrong = differences.counts(connection)
    result = _night(contract, window, counts, by_class)
    result = replace(
        result,
        evidence_id=evidence_id,
        compared_at=now or datetime.now(UTC),
        cut=json.dumps(line.to_json()),
        wrong_patients=wrong,
        seconds=perf_counter() - began,
    )
    append_night(lake, result, backwards=backwards)
    return result


def compare_nights(
    lake: Lake,
    settings: Settings,
    job: str,
    nights: Iterable[date],
    progress: Progress = lambda _night: None,
) -> list[Night]:
    """Compare several nights, each at one and the same cut; `progress` is told after each.

    Raises:
        LakehouseError: As `compare`; nights before the one that failed are stored.
    """
    at, found = cut_now(lake), []
    for night in nights:
        found.append(compare(lake, settings, job, night, at))
        progress(found[-1])
    return found


def contract_of(job: str) -> JobContract:
    """The contract of a job that is held against the stream.

    Raises:
        UnknownJobError: There is none; the message names those there are.
    """
    if job not in DIFFERENCES:
        msg = f"no job `{job}` is held against the stream; there are {', '.join(DIFFERENCES)}"
        raise UnknownJobError(msg)
    return JOBS[job]


@contextmanager
def _opened(
    lake: Lake, settings: Settings, job: JobContract, window: Window, at: Cut
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine of its own, with a bound to its memory."""
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = {quoted_text(MEMORY_LIMIT)}")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set TimeZone = 'UTC'")
        attach(connection, lake, "lake", tables=READ, at=at)
        attach_zone(connection, lake, "legacy")
        install(connection, "lake", settings=settings, nights=window.around)
        yield connection


def _landed_as(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, night: date
) -> list[str]:
    """What identifies the night's landed rows; a night without rows leaves only its commit."""
    sql = f"select distinct source_sha256 from legacy.{table.name} where night = ?"  # noqa: S608 contract's name
    hashes = sorted(row[0] for row in connection.execute(sql, [night]).fetchall())
    if hashes or _was_landed_empty(lake, table, night):
        return hashes
    extract = table.name.removeprefix("legacy_")
    msg = (
        f"night {night} of `{table.name}` was never landed: materialise the asset"
        f" legacy/{extract} for partition {night}, then compare again"
    )
    raise NightNotLandedError(msg)


def _was_landed_empty(lake: Lake, table: Table, night: date) -> bool:
    if not lake.has(table):
        return False
    mark = f"land {table.name.removeprefix('legacy_')} {night} "
    history = DeltaTable(str(lake.path(table))).history()
    return any(str(commit.get("invocation", "")).startswith(mark) for commit in history)


def _identity(job: JobContract, night: date, at: Cut, landed: list[str]) -> str:
    """Named by what was compared, so that the same comparison has the same name."""
    told = [job.name, night.isoformat(), at.to_json(), landed, rules_version(), repr(job)]
    digest = hashlib.blake2b(json.dumps(told).encode(), digest_size=8)
    return digest.hexdigest()


def _store(
    connection: duckdb.DuckDBPyConnection, lake: Lake, job: JobContract, night: date, run: str
) -> None:
    replace_rows(
        connection,
        lake,
        DIFFERENCES[job.name],
        differences.RELATION,
        run=run,
        partitions=(night.isoformat(),),
    )


def _night(job: JobContract, window: Window, counts: Counts, by_class: Mapping[str, int]) -> Night:
    """What was counted; what the comparison is called, and when it was, is still to come."""
    classes = {MATCHED: counts.matched, **by_class}
    keys, without_cause = sum(classes.values()), unexplained(classes)
    return Night(
        evidence_id="",
        job=job.name,
        night=window.night,
        compared_at=window.cutoff,
        cutoff_at=window.cutoff,
        cut="",
        rules_version=rules_version(),
        legacy_rows=counts.legacy_rows,
        stream_rows=counts.stream_rows,
        legacy_repeated=counts.legacy_repeated,
        stream_repeated=counts.stream_repeated,
        **classes,
        unexplained=without_cause,
        wrong_patients=0,
        match_share=(keys - without_cause) / keys if keys else None,
        seconds=0.0,
    )
