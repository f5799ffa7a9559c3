"""The next entry of a job's line: what it may say, and what is written with it.

Here: a job by its name, the state its line says, its first entry, and the entry that an event would
be. Not here: what people decide (deciding.py), or the gates of a promotion (gates.py).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from clinical.detection.version import rules_version
from lakehouse.cuts import cut
from lakehouse.errors import LakehouseError, LedgerMovedError
from lakehouse.lake import Lake
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.migration.errors import MigrationError, MoveError, unknown
from orchestration.migration.facts import versions_of
from orchestration.migration.ledger import Entry, append_job, job_entries
from orchestration.migration.states import MOVES, UNSCHEDULED, Event, State, after, possible


@dataclass(frozen=True, slots=True)
class Said:
    """Who decides, why, and when."""

    by: str
    reason: str
    at: datetime


def job_named(name: str) -> JobContract:
    """The contract of a job.

    Raises:
        UnknownNameError: There is none of this name; the message offers the nearest.
    """
    if name not in JOBS:
        raise unknown(name, "job", JOBS)
    return JOBS[name]


def state_of(entries: list[Entry], job: JobContract) -> State:
    """Where a job stands; one without an entry stands where its declaration will put it."""
    return State(entries[-1].to_state) if entries else _declared_as(job)[1]


def is_scheduled(lake: Lake, job: str) -> bool:
    """Whether the nightly schedule still runs a job: until it is retired."""
    entries = job_entries(lake).get(job, [])
    return state_of(entries, job_named(job)) not in UNSCHEDULED


def next_entry(entries: list[Entry], job: JobContract, event: Event, said: Said) -> Entry:
    """The entry that this event would be, without evidence.

    Raises:
        MoveError: The event cannot happen in the job's state.
    """
    state = state_of(entries, job)
    target = after(state, event)
    if target is None:
        raise MoveError(_cannot(job, state, event))
    return Entry(
        line=(job.name,),
        number=len(entries) + 1,
        event=event,
        from_state=state,
        to_state=target,
        at=said.at,
        by=given("by", said.by),
        reason=given("reason", said.reason),
        rules_version=rules_version(),
    )


def prepared(lake: Lake, job: JobContract, event: Event, said: Said, *, dry_run: bool) -> Entry:
    """The next entry of a job, whose first one is written where it has none.

    Raises:
        MoveError: As `next_entry`, and then nothing was written.
    """
    entries = job_entries(lake).get(job.name, [])
    next_entry(entries, job, event, said)
    if not entries:
        entries = [first_entry(job, said.at) if dry_run else declare(lake, job, said.at)]
    return next_entry(entries, job, event, said)


def stamped(entry: Entry, lake: Lake) -> Entry:
    """An entry with the cut and the versions of now, as far as they can be read."""
    try:
        at = cut(lake).to_json()
    except (OSError, ValueError, LakehouseError):
        # A rollback has to work over a damaged table, too.
        at = None
    return replace(entry, cut=at, delta_versions=versions_of(lake))


def declare(lake: Lake, job: JobContract, at: datetime) -> Entry:
    """Write a job's first entry."""
    entry = stamped(first_entry(job, at), lake)
    try:
        append_job(lake, entry)
    except LedgerMovedError:
        # Somebody else has just declared it, with the same words.
        return job_entries(lake)[job.name][0]
    return entry


def first_entry(job: JobContract, at: datetime) -> Entry:
    """The entry that every job begins with; who moves and who stays is in the contracts."""
    event, state = _declared_as(job)
    return Entry(
        line=(job.name,),
        number=1,
        event=event,
        from_state=None,
        to_state=state,
        at=at,
        by=job.owner,
        reason=job.reason,
        rules_version=rules_version(),
    )


def _declared_as(job: JobContract) -> tuple[Event, State]:
    event = Event.KEPT if job.decision == "kept_in_batch" else Event.DECLARED
    return event, MOVES[None, event]


def _cannot(job: JobContract, state: State, event: Event) -> str:
    if state is State.KEPT_IN_BATCH:
        return f"{job.name} stays in batch by decision: {job.reason}"
    verb = event.replace("_", " ")
    events = ", ".join(one.replace("_", " ") for one in possible(state) if one != Event.DEMOTED)
    return f"{job.name} is in {state} and cannot be {verb}; it can be {events}"


def given(name: str, text: str) -> str:
    """What somebody said, without blanks around it.

    Raises:
        MigrationError: It is empty.
    """
    if not text.strip():
        msg = f"say {'who decides' if name == 'by' else 'why'}: `{name}` is empty"
        raise MigrationError(msg)
    return text.strip()
