"""The gates as asset checks: what Dagster shows red.

Here: one check per job for the gates of its next step, and one per job and safety gate. Not here:
the gates (gates.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import dagster as dg

from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.migration.facts import Case, gather
from orchestration.migration.gate import Gate, Light, failing
from orchestration.migration.gates import CONDITIONS, evaluate
from orchestration.migration.reporting import JobStatus, job_status
from orchestration.migration.states import SAFETY

Safety = Mapping[str, Sequence[Gate]]


def check_specs(asset: dg.AssetKey, jobs: Sequence[JobContract]) -> list[dg.AssetCheckSpec]:
    """The checks of the ledger."""
    return [spec for job in jobs for spec in _specs(asset, job)]


def gates_of(
    lake: Lake, settings: Settings, now: datetime
) -> tuple[list[JobStatus], dict[str, list[Gate]]]:
    """Every job's status, and the safety gates of each that moves, at one cut."""
    facts = gather(lake, settings, now)
    cases = [Case(job, facts) for job in JOBS.values()]
    moving = [case for case in cases if case.job.decision == "to_migrate"]
    safety = {case.job.name: evaluate(case, SAFETY) for case in moving}
    return [job_status(case) for case in cases], safety


def results(
    asset: dg.AssetKey, found: Sequence[JobStatus], safety: Safety
) -> list[dg.AssetCheckResult]:
    """What the checks came to."""
    of_steps = [_step(asset, one) for one in found if one.job in safety]
    of_safety = [
        _safety(asset, job, gate) for job, gates in sorted(safety.items()) for gate in gates
    ]
    return [*of_steps, *of_safety]


def listing(gates: Sequence[Gate]) -> dg.MarkdownMetadataValue:
    """Gates in full, as text that nothing in it can turn into markup."""
    lines = [line for gate in gates for line in _lines(gate)]
    text = "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)
    return dg.MarkdownMetadataValue("```\n" + text.replace("`", "'") + "\n```")


def _lines(gate: Gate) -> Iterator[str]:
    yield f"{gate.state.upper():<6} {gate.id:<4} {gate.title}: {gate.detail}"
    if not gate.is_green:
        yield f"{'':12}to mend: {gate.mend}"


def _specs(asset: dg.AssetKey, job: JobContract) -> Iterator[dg.AssetCheckSpec]:
    yield dg.AssetCheckSpec(
        name=f"{job.name}_gates",
        asset=asset,
        description=f"Every gate of the next step of {job.name} is green: it can be promoted.",
    )
    for gate in SAFETY:
        yield dg.AssetCheckSpec(
            name=f"{job.name}_{gate}",
            asset=asset,
            description=f"Safety gate of {job.name}: {CONDITIONS[gate].title}. Red demotes.",
        )


def _step(asset: dg.AssetKey, one: JobStatus) -> dg.AssetCheckResult:
    stopping = failing(one.gates)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=f"{one.job}_gates",
        passed=not stopping,
        severity=dg.AssetCheckSeverity.WARN,
        description=", ".join(f"{gate.id} is {gate.state}" for gate in stopping) or "all green",
        metadata={
            "state": dg.MetadataValue.text(str(one.state)),
            "gates": listing(one.gates),
            "next step": dg.MetadataValue.text(one.next_step),
        },
    )


def _safety(asset: dg.AssetKey, job: str, gate: Gate) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=f"{job}_{gate.id}",
        # What nobody has looked at yet is no alarm.
        passed=gate.state is not Light.RED,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{gate.state}: {gate.detail}",
        metadata={
            "evidence": dg.MetadataValue.json(list(gate.evidence)),
            "to mend": dg.MetadataValue.text(gate.mend),
        },
    )
