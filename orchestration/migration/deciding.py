"""Decisions about jobs: each reads the ledger, checks the rules, and appends one entry.

Here: declaring, promoting, rolling back, attesting, holding, resuming, and the automatic demotion.
Not here: rules (states.py), gates (gates.py), the rehearsal (rehearsal.py), reports (reporting.py).

A promotion evaluates its gates; a rollback asks nothing but the ledger, so that it works on the
worst day. Both sides write all the time: a decision changes what readers see, never what is stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lakehouse.errors import LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.migration.entering import Said, declare, job_named, next_entry, prepared, stamped
from orchestration.migration.errors import MoveError, PromotionRefusedError, unknown
from orchestration.migration.facts import Case, Facts, gather
from orchestration.migration.gate import Gate, Light, failing
from orchestration.migration.gates import ATTESTABLE, CONDITIONS, evaluate
from orchestration.migration.ledger import Entry, append_job, job_entries
from orchestration.migration.states import SAFETY, Event, State, after, needed

AUTOMATIC = "automatic"


def declare_all(lake: Lake, settings: Settings, now: datetime | None = None) -> list[Entry]:
    """Write the first entry of every job that has none, those that stay in batch among them."""
    known, at = job_entries(lake), now or datetime.now(UTC)
    return [declare(lake, job, at) for name, job in JOBS.items() if name not in known]


def promote(
    lake: Lake,
    settings: Settings,
    job: str,
    by: str,
    reason: str,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
) -> Entry:
    """Move a job one state on, if every gate up to there is green at the newest cut.

    Raises:
        PromotionRefusedError: A gate is red or open; the message names each and how to mend it.
        MoveError: There is no next state.
        LedgerMovedError: Somebody else has decided about the job meanwhile.
    """
    contract, said = job_named(job), Said(by, reason, now or datetime.now(UTC))
    entry = prepared(lake, contract, Event.PROMOTED, said, dry_run=dry_run)
    facts = gather(lake, settings, said.at)
    case = Case(contract, facts)
    gates = evaluate(case, needed(State(entry.to_state)))
    _refuse(contract, State(entry.to_state), failing(gates))
    told: dict[str, Any] = {"gates": [dict(gate.to_json()) for gate in gates]}
    if entry.to_state == State.CUTOVER:
        told["flip_night"] = case.nights[-1].night.isoformat()
    entry = _with(entry, facts, told)
    return _appended(lake, entry, dry_run=dry_run)


def rollback(
    lake: Lake,
    settings: Settings,
    job: str,
    by: str,
    reason: str,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
) -> Entry:
    """Serve a job's readers from the nightly rows again; no gate and no table is asked.

    Raises:
        MoveError: The stream does not serve the job.
        LedgerMovedError: Somebody else has decided about the job meanwhile.
    """
    said = Said(by, reason, now or datetime.now(UTC))
    return _moved(lake, job, Event.ROLLED_BACK, said, dry_run=dry_run)


def hold(
    lake: Lake,
    settings: Settings,
    job: str,
    by: str,
    reason: str,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
) -> Entry:
    """Stop a job where the nightly rows serve it, until it is resumed; errors as `rollback`."""
    said = Said(by, reason, now or datetime.now(UTC))
    return _moved(lake, job, Event.HELD, said, dry_run=dry_run)


def resume(
    lake: Lake,
    settings: Settings,
    job: str,
    by: str,
    reason: str,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
) -> Entry:
    """Let a held job begin again in the shadow; errors as `rollback`."""
    said = Said(by, reason, now or datetime.now(UTC))
    return _moved(lake, job, Event.RESUMED, said, dry_run=dry_run)


def attest(  # noqa: PLR0917 the seam of the batch side, in its order
    lake: Lake,
    settings: Settings,
    job: str,
    gate: str,
    by: str,
    reason: str,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
) -> Entry:
    """Write down that a person answers for a gate, or for a part of one.

    Raises:
        UnknownNameError: There is no such gate.
        MoveError: The gate is computed, and nobody can attest it.
    """
    contract, named = job_named(job), _gate_named(gate)
    said = Said(by, reason, now or datetime.now(UTC))
    entry = prepared(lake, contract, Event.ATTESTED, said, dry_run=dry_run)
    return _appended(lake, replace(entry, gate=named), dry_run=dry_run)


def demote_red(lake: Lake, settings: Settings, now: datetime | None = None) -> list[Entry]:
    """Put every job with a red safety gate on hold, where it can be; again does nothing."""
    at, found = now or datetime.now(UTC), []
    facts = gather(lake, settings, at)
    for name, entries in sorted(facts.entries.items()):
        state = State(entries[-1].to_state)
        if name in JOBS and after(state, Event.DEMOTED) is not None:
            found += _demoted(facts, JOBS[name], entries)
    return found


def _moved(lake: Lake, job: str, event: Event, said: Said, *, dry_run: bool) -> Entry:
    entry = prepared(lake, job_named(job), event, said, dry_run=dry_run)
    return _appended(lake, entry, dry_run=dry_run)


def _appended(lake: Lake, entry: Entry, *, dry_run: bool) -> Entry:
    stored = entry if entry.delta_versions else stamped(entry, lake)
    if not dry_run:
        append_job(lake, stored)
    return stored


def _with(entry: Entry, facts: Facts, told: Mapping[str, Any]) -> Entry:
    return replace(entry, cut=facts.at.to_json(), delta_versions=facts.versions, evidence=told)


def _demoted(facts: Facts, job: JobContract, entries: list[Entry]) -> list[Entry]:
    gates = evaluate(Case(job, facts), SAFETY)
    reds = [gate for gate in gates if gate.state is Light.RED]
    if not reds:
        return []
    reason = "; ".join(f"{gate.id} {gate.title}: {gate.detail}" for gate in reds)
    entry = next_entry(entries, job, Event.DEMOTED, Said(AUTOMATIC, reason, facts.now))
    told = {"gates": [dict(gate.to_json()) for gate in gates]}
    try:
        append_job(facts.lake, _with(entry, facts, told))
    except LedgerMovedError:
        # A person decided meanwhile; the next look takes it from there.
        return []
    return [entry]


def _refuse(job: JobContract, target: State, gates: Iterable[Gate]) -> None:
    faults = [f"{g.id} is {g.state} ({g.title}: {g.detail}; to mend: {g.mend})" for g in gates]
    if faults:
        msg = f"{job.name} cannot be promoted to {target}: {'; '.join(faults)}"
        raise PromotionRefusedError(msg)


def _gate_named(text: str) -> str:
    head, dot, part = text.partition(".")
    name = head.upper() + dot + part.lower()
    if name in ATTESTABLE:
        return name
    if name in CONDITIONS:
        told = f"{name} ({CONDITIONS[name].title}) is computed and cannot be attested"
        msg = f"{told}; these can be: {', '.join(ATTESTABLE)}"
        raise MoveError(msg)
    raise unknown(text, "gate", ATTESTABLE)
