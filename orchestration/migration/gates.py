"""The gates, G1 to G21: the one table of what each is called, what computes it, how to mend it.

Here: the table, and working gates out. Not here: the conditions (gates_*.py), or which step needs
which gate (states.py).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from orchestration.migration import (
    gates_contract,
    gates_nights,
    gates_people,
    gates_stream,
)
from orchestration.migration.facts import Case
from orchestration.migration.gate import Finding, Gate


@dataclass(frozen=True, slots=True)
class Condition:
    """One gate: its title, what computes it, how to mend it, and whether people can attest it."""

    title: str
    find: Callable[[Case], Finding]
    mend: str
    attested: bool = False


# In each `mend`, {job} stands for the job.
CONDITIONS: Mapping[str, Condition] = {
    "G1": Condition(
        "contract is complete",
        gates_contract.contract,
        "fill in the job's contract in orchestration/jobs",
    ),
    "G2": Condition(
        "replay is equal",
        gates_stream.replays,
        "pulsehouse migrate prove, or the asset replays/arrival_order; it says which rows differ",
    ),
    "G3": Condition(
        "grain holds on both sides",
        gates_nights.grain,
        "reconcile the nights; repeated keys are a fault of the extract or of the job's view",
    ),
    "G4": Condition(
        "dispositions balance",
        gates_stream.dispositions,
        "look at `pulsehouse status` and the check of raw_messages; replay into a new lake",
    ),
    "G5": Condition(
        "no patient in the logs",
        gates_people.logs,
        "remove the log line and its cause; without logs: pulsehouse migrate attest {job} G5",
        attested=True,
    ),
    "G6": Condition(
        "enough nights match",
        gates_nights.match,
        "reconcile more nights: pulsehouse migrate reconcile {job} --from DATE --to DATE",
    ),
    "G7": Condition(
        "every difference has a cause",
        gates_nights.unexplained,
        "look into reconciliation/differences_{job}, mend the cause, reconcile these nights again",
    ),
    "G8": Condition(
        "every hour is complete",
        gates_stream.completeness,
        "find the missing messages at the sender, replay them, reconcile these nights again",
    ),
    "G9": Condition(
        "facts are fresh",
        gates_stream.freshness,
        "find where the feed waits: marts/documentation_lag shows it by unit and hour",
    ),
    "G10": Condition(
        "rare events are covered",
        gates_people.coverage,
        "wait for them, or try them and say how: pulsehouse migrate attest {job} G10.dst",
        attested=True,
    ),
    "G11": Condition(
        "no wrong patient",
        gates_nights.wrong_patients,
        "stop using these rows, look into reconciliation/differences_{job}, and mend identities",
    ),
    "G12": Condition(
        "silent alerts are reviewed",
        gates_people.silent_alerts,
        "review the alerts, then: pulsehouse migrate attest {job} G12",
        attested=True,
    ),
    "G13": Condition(
        "rollback is rehearsed",
        gates_people.rehearsal,
        "pulsehouse migrate rehearse {job}",
    ),
    "G14": Condition(
        "an approver and the clinical side have signed",
        gates_people.sign_off,
        "pulsehouse migrate attest {job} G14 --by NAME",
        attested=True,
    ),
    "G15": Condition(
        "the nightly job still runs as verifier",
        gates_contract.verifier,
        "start the nightly job again and reconcile its newest night",
    ),
    "G16": Condition(
        "readers have tested the view",
        gates_people.readers,
        "let each read served.{job}, then: pulsehouse migrate attest {job} G16",
        attested=True,
    ),
    "G17": Condition(
        "enough clean nights after the flip",
        gates_nights.clean_nights,
        "reconcile the nights after the flip, and mend what has no cause",
    ),
    "G18": Condition(
        "exceptions are closed or accepted",
        gates_nights.exceptions,
        "close them, or accept them by name: pulsehouse migrate attest {job} G18 --by NAME",
        attested=True,
    ),
    "G19": Condition(
        "the nightly output is archived",
        gates_contract.archive,
        "land every extract of the job: pulsehouse migrate reconcile {job}",
    ),
    "G20": Condition(
        "the nightly schedule is off",
        gates_people.switched_off,
        "stop it at its source, then: pulsehouse migrate attest {job} G20",
        attested=True,
    ),
    "G21": Condition(
        "a reconciliation remains",
        gates_contract.lasting,
        "define the asset reconciliation/{job} in orchestration/reconciliation",
    ),
}

# What `attest` takes: gates that rest on people, and the parts of G10.
ATTESTABLE: tuple[str, ...] = (
    *(name for name, condition in CONDITIONS.items() if condition.attested),
    *gates_people.ATTESTED_PARTS,
)


def evaluate(case: Case, gates: Iterable[str]) -> list[Gate]:
    """These gates of a job, as they stand at the case's cut."""
    return [_evaluated(case, name) for name in gates]


def _evaluated(case: Case, name: str) -> Gate:
    condition = CONDITIONS[name]
    found = condition.find(case)
    mend = condition.mend.format(job=case.job.name)
    return Gate(name, condition.title, found.light, found.detail, found.evidence, mend)
