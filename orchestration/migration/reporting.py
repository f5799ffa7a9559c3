"""How the jobs stand, as values for the command, for Dagster and for notebooks.

Here: `status` of all jobs and `evidence` of one. Not here: deciding (deciding.py), or how it is
shown (pulsehouse/migrating.py, assets.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.migration.entering import job_named, state_of
from orchestration.migration.facts import Case, Night, gather, matching_run
from orchestration.migration.gate import Gate, Light, failing
from orchestration.migration.gates import evaluate
from orchestration.migration.ledger import Entry
from orchestration.migration.states import (
    GATES,
    SAFETY,
    SERVED_BY_STREAM,
    State,
    needed,
    next_of,
)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job: where it stands, who put it there, and what is to be done next.

    `gates` are those of the next step and of every step before it; in RETIRED the safety gates.
    """

    job: str
    title: str
    state: State
    since: datetime | None
    by: str | None
    reason: str | None
    served_by: str
    nights: int
    matching: int
    wanted: int
    unexplained: int
    gates: tuple[Gate, ...]
    next_step: str


@dataclass(frozen=True, slots=True)
class JobEvidence:
    """All that a decision about one job rests on."""

    status: JobStatus
    cut: list[dict[str, str | int]]
    nights: tuple[Night, ...]
    entries: tuple[Entry, ...]


def status(lake: Lake, settings: Settings, now: datetime | None = None) -> list[JobStatus]:
    """Every job at the newest cut, in the order of the contracts."""
    facts = gather(lake, settings, now or datetime.now(UTC))
    return [job_status(Case(job, facts)) for job in JOBS.values()]


def evidence(lake: Lake, settings: Settings, job: str, now: datetime | None = None) -> JobEvidence:
    """What is known of one job at the newest cut.

    Raises:
        UnknownNameError: There is no such job.
    """
    contract = job_named(job)
    facts = gather(lake, settings, now or datetime.now(UTC))
    case = Case(contract, facts)
    found = job_status(case)
    return JobEvidence(found, facts.at.to_json(), tuple(case.nights), tuple(case.entries))


def job_status(case: Case) -> JobStatus:
    """Where a job stands, with its gates evaluated."""
    state, job = state_of(case.entries, case.job), case.job
    last = case.entries[-1] if case.entries else None
    gates = evaluate(case, watched(state))
    return JobStatus(
        job=job.name,
        title=job.title,
        state=state,
        since=_since(case.entries),
        by=last.by if last else None,
        reason=last.reason if last else job.reason,
        served_by=served_by(state),
        nights=len(case.nights),
        matching=len(matching_run(case)),
        wanted=case.settings.matching_nights,
        unexplained=sum(one.unexplained for one in case.newest),
        gates=tuple(gates),
        next_step=_next_step(job, state, gates),
    )


def watched(state: State) -> tuple[str, ...]:
    """The gates that matter in a state: up to the next step, else those that demote."""
    if state is State.KEPT_IN_BATCH:
        return ()
    target = State.DUAL_RUN if state is State.HOLD else next_of(state)
    return needed(target) if target else SAFETY


def served_by(state: State) -> str:
    """Which side readers see: `stream`, `legacy`, or `batch` for a job that stays there."""
    if state is State.KEPT_IN_BATCH:
        return "batch"
    return "stream" if state in SERVED_BY_STREAM else "legacy"


def step_of(gate: str) -> State:
    """The state that a gate stands before."""
    return next(state for state, gates in GATES.items() if gate in gates)


def as_json(found: JobStatus) -> dict[str, Any]:
    """The stable form of a job's status."""
    plain: dict[str, Any] = {name: getattr(found, name) for name in JobStatus.__slots__}
    gates: list[Mapping[str, Any]] = [gate.to_json() for gate in found.gates]
    return plain | {"state": str(found.state), "gates": gates}


def _since(entries: list[Entry]) -> datetime | None:
    moves = [entry.at for entry in entries if entry.from_state != entry.to_state]
    return moves[-1] if moves else None


def _next_step(job: JobContract, state: State, gates: list[Gate]) -> str:
    match state:
        case State.KEPT_IN_BATCH:
            return "none: stays in batch by decision"
        case State.HOLD:
            return f"mend what is red, then: pulsehouse migrate resume {job.name}"
        case State.RETIRED:
            reds = [gate.id for gate in gates if gate.state is Light.RED]
            return f"look into {', '.join(reds)}, or roll back" if reds else "none"
    stopping = failing(gates)
    if not stopping:
        return f"pulsehouse migrate promote {job.name}"
    first = stopping[0]
    return f"{first.id}: {first.mend}"
