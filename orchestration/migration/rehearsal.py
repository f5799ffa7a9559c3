"""Rehearsing the way back, on a copy of the ledger.

Here: a flip and a rollback with the served views really opened, timed, and the entry that says how
long it took. The lake's tables are read where they lie; the ledger that readers follow is not
touched until the end, when the rehearsal is written down. Not here: the gate that asks for it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from lakehouse.batch.migration import JOB_LEDGER
from lakehouse.catalogue import quoted_name
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.migration.deciding import rollback
from orchestration.migration.entering import Said, job_named, prepared, stamped
from orchestration.migration.errors import MigrationError
from orchestration.migration.facts import Case, gather
from orchestration.migration.ledger import Entry, append_job
from orchestration.migration.served import SCHEMA, opened
from orchestration.migration.states import Event, State


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader of a job's view saw: rows by the side they came from."""

    legacy: int
    stream: int


def rehearse(
    lake: Lake,
    settings: Settings,
    job: str,
    by: str,
    reason: str,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
) -> Entry:
    """Flip a job and roll it back on a copy of the ledger, and write down how long that took.

    Raises:
        MoveError: The job is not in a state from which it could be flipped.
        MigrationError: The views did not show what the ledger said.
    """
    contract, said = job_named(job), Said(by, reason, now or datetime.now(UTC))
    entry = prepared(lake, contract, Event.REHEARSED, said, dry_run=dry_run)
    facts = gather(lake, settings, said.at)
    nights = Case(contract, facts).nights
    last = nights[-1].night if nights else settings.first_night
    at = facts.at
    with copied(lake) as copy:
        flip = replace(
            entry,
            event=Event.PROMOTED,
            to_state=State.CUTOVER,
            evidence={"flip_night": last.isoformat()},
        )
        append_job(copy, stamped(flip, copy))
        flipped = _seen(copy, settings, job, at)
        began = monotonic()
        rollback(copy, settings, job, by, reason, now=said.at)
        back = _seen(copy, settings, job, at)
        seconds = monotonic() - began
    if back.stream:
        msg = f"after the rehearsed rollback served.{job} still shows the stream; report this"
        raise MigrationError(msg)
    told = {
        "rollback_seconds": round(seconds, 3),
        "flip_night": last.isoformat(),
        "rows_flipped": {"legacy": flipped.legacy, "stream": flipped.stream},
        "rows_back": back.legacy,
    }
    stored = stamped(replace(entry, evidence=told), lake)
    if not dry_run:
        append_job(lake, stored)
    return stored


@contextmanager
def copied(lake: Lake) -> Iterator[Lake]:
    """A lake with a ledger of its own and this one's tables."""
    with TemporaryDirectory(prefix="pulsehouse-rehearsal-") as place:
        root = Path(place)
        for path in lake.root.iterdir():
            if path.name == JOB_LEDGER.zone:
                shutil.copytree(path, root / path.name)
            else:
                (root / path.name).symlink_to(path)
        yield Lake(root)


def _seen(lake: Lake, settings: Settings, job: str, at: Cut) -> Seen:
    sql = (
        "select count(*) filter (served_by = 'legacy'), count(*) filter (served_by = 'stream')"  # noqa: S608 a job's name, quoted
        f" from {SCHEMA}.{quoted_name(job)}"
    )
    with opened(lake, settings, at) as connection:
        legacy, stream = connection.execute(sql).fetchone() or (0, 0)
    return Seen(int(legacy), int(stream))
