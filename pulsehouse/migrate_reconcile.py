"""`pulsehouse migrate reconcile`: nights landed and compared, without Dagster.

Here: which jobs and nights, a bar, and what came of them. Not here: landing (orchestration/legacy)
or comparing (orchestration/reconciliation).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from lakehouse.batch.reconciliation import EXPLAINED
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.legacy.landing import land
from orchestration.migration.entering import job_named
from orchestration.reconciliation.comparing import compare
from pulsehouse import migrating, terminal
from pulsehouse.bars import bar
from pulsehouse.deployment import settings
from pulsehouse.failure import FOUND_PROBLEMS, OK, USAGE, CommandError

COLUMNS = (
    *("job", "night", "legacy", "stream", "matched", "explained", "unexplained"),
    *("wrong patients", "repeated keys", "said"),
)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One night of one job: its counts, or why there are none."""

    job: str
    night: date
    legacy_rows: int | None = None
    stream_rows: int | None = None
    matched: int | None = None
    explained: int | None = None
    unexplained: int | None = None
    wrong_patients: int | None = None
    repeated_keys: int | None = None
    error: str | None = None

    @property
    def is_clean(self) -> bool:
        """Whether it was compared, and nothing counts against the job."""
        return not (self.error or self.unexplained or self.wrong_patients or self.repeated_keys)


def run(
    name: str | None,
    first: str,
    last: str,
    place: Path | None,
    extracts: Path | None,
    *,
    as_json: bool,
    dry_run: bool,
) -> int:
    """Land and compare; a night that cannot be is told of, and the others go on."""
    work = [(job, night) for night in _nights(first, last) for job in jobs_of(name)]
    lake = migrating.lake_to_decide_in(place, dry_run=dry_run)
    if dry_run:
        found = [Reconciled(job.name, night) for job, night in work]
        terminal.say("dry run: nothing was landed, compared or written")
    else:
        found = list(reconciled(lake, _settings(extracts), work))
    if as_json:
        terminal.emit_json({"nights": [_json(one) for one in found]})
    else:
        terminal.show_table("Nights", COLUMNS, [tuple(_json(one).values()) for one in found])
    return OK if all(one.is_clean for one in found) else FOUND_PROBLEMS


def _settings(extracts: Path | None) -> Settings:
    # A folder that is named is read, also where a database is set.
    named = {} if extracts is None else {"extracts": extracts, "extracts_url": None}
    return settings().model_copy(update=named)


def reconciled(
    lake: Lake, ours: Settings, work: list[tuple[JobContract, date]]
) -> Iterator[Reconciled]:
    """Land and compare one night of one job after the other, under a bar."""
    with bar(terminal.err()) as progress:
        task = progress.add_task("reconcile", total=len(work), words="")
        for job, night in work:
            progress.update(task, words=f"{job.name} {night}")
            yield _one(lake, ours, job, night)
            progress.advance(task)


def _one(lake: Lake, ours: Settings, job: JobContract, night: date) -> Reconciled:
    try:
        for table in job.landed:
            land(lake, ours, table.name.removeprefix("legacy_"), night)
        found = compare(lake, ours, job.name, night)
    except LakehouseError as error:
        terminal.say(f"warning: {job.name} {night}: {error}")
        return Reconciled(job.name, night, error=str(error))
    return Reconciled(
        job.name,
        night,
        found.legacy_rows,
        found.stream_rows,
        found.matched,
        sum(getattr(found, name) for name in EXPLAINED),
        found.unexplained,
        found.wrong_patients,
        found.legacy_repeated + found.stream_repeated,
    )


def jobs_of(name: str | None) -> list[JobContract]:
    """The job that was named, or every job that moves."""
    if name is None:
        return [job for job in JOBS.values() if job.decision == "to_migrate"]
    job = job_named(name)
    if job.decision != "to_migrate":
        msg = f"{name} stays in batch by decision, so there is nothing to hold it against"
        raise CommandError(msg, USAGE)
    return [job]


def _nights(first: str, last: str) -> list[date]:
    begin, end = _date("--from", first), _date("--to", last)
    if end < begin:
        msg = f"--to {end} lies before --from {begin}"
        raise CommandError(msg, USAGE)
    return [begin + timedelta(days=day) for day in range((end - begin).days + 1)]


def _date(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"{option} {text!r} is not a date such as 2026-01-05"
        raise CommandError(msg, USAGE) from None


def _json(one: Reconciled) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Reconciled.__slots__}
