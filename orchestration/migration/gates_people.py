"""Gates that rest on what people did and signed, beside what a machine can count for them.

Here: logs (G5), coverage (G10), the silent alerts (G12), the rehearsal (G13), sign-offs (G14, G16,
G20). An attestation counts, and is shown as one. Not here: writing it down (deciding.py).
"""

import os
from collections.abc import Mapping
from typing import Any

from lakehouse.tables import ALERTS, OBSERVATIONS
from orchestration.migration.facts import Case, Facts
from orchestration.migration.gate import Finding, counted, green, not_yet, red
from orchestration.migration.gates_nights import NONE_COMPARED, covered_by_nights, entry_id
from orchestration.migration.gates_stream import covered_by_facts
from orchestration.migration.ledger import Entry, last_with
from orchestration.migration.states import Event
from orchestration.quality.log_scan import log_files, scan

# What G10 wants to have happened, and how a person would say it.
PARTS: Mapping[str, str] = {
    "weekend": "a weekend",
    "month_end": "a month end",
    "dst": "a change of the clocks, real or simulated",
    "downtime": "a downtime that was caught up with",
    "merge": "a merge of patients",
    "correction": "a correction",
}
ATTESTED_PARTS = tuple(f"G10.{part}" for part in PARTS)
# Signed for one flip: a rollback or a demotion takes them back.
SIGNED_PER_FLIP = frozenset({"G14", "G16", "G20"})
ROLLBACK_SECONDS = 10.0

_ALERTED = """
select
    (select count(*) from alerts where status = 'raised') as alerts,
    (select median(hours_before_batch) from alerts where status = 'raised') as hours,
    (
        select count(distinct (facility, patient_id, received_date)) from observations
    ) as patient_days
"""


def logs(case: Case) -> Finding:
    """G5: no name and no identifier of a patient in the logs of Dagster and dbt."""
    facts = case.facts
    found = facts.once("logs", lambda: scan(facts.lake, log_files(os.environ), facts.at))
    if found.leaks:
        # A file's name is ours and no patient's; what stands in it is not repeated.
        places = [f"{leak.file.name}:{leak.line}" for leak in found.leaks[:3]]
        told = counted(len(found.leaks), "line")
        return red(f"{told} that name patients, such as {', '.join(places)}")
    if found.files and found.looked_for:
        read = f"{counted(found.files, 'file')}, {found.bytes:,} bytes"
        return green(f"none of {counted(found.looked_for, 'name or identifier')} in {read}")
    lacking = "no logs are here" if not found.files else "no name or identifier is long enough"
    return _signed(case, "G5") or not_yet(f"{lacking} to be looked for")


def coverage(case: Case) -> Finding:
    """G10: what is rare has happened, or a person says how it was tried."""
    if not case.nights:
        return not_yet(NONE_COMPARED)
    covered = covered_by_facts(case) | covered_by_nights(case)
    for part in PARTS:
        if part not in covered and (entry := _attested(case, f"G10.{part}", "G10")):
            covered[part] = f"attested by {entry.by} ({entry_id(entry)})"
    told = "; ".join(f"{part}: {covered[part]}" for part in PARTS if part in covered)
    lacking = [PARTS[part] for part in PARTS if part not in covered]
    if lacking:
        return not_yet(
            f"not covered: {', '.join(lacking)}" + (f"; covered: {told}" if told else "")
        )
    return green(told)


def silent_alerts(case: Case) -> Finding:
    """G12: a person has looked at what the alerts would have done."""
    numbers = case.facts.once("alerted", lambda: _alerted(case.facts))
    signed = _attested(case, "G12")
    if signed is None:
        return not_yet(f"{numbers}; not reviewed yet")
    return green(f"{numbers}; reviewed by {signed.by}", entry_id(signed))


def rehearsal(case: Case) -> Finding:
    """G13: the way back was walked, and quickly."""
    entry = last_with(case.entries, Event.REHEARSED)
    if entry is None:
        return not_yet("no rollback has been rehearsed")
    seconds = float(entry.evidence["rollback_seconds"])
    told = f"rolled back in {seconds:.2f} s by {entry.by} on {entry.at:%Y-%m-%d}"
    if seconds >= ROLLBACK_SECONDS:
        return red(f"{told}; {ROLLBACK_SECONDS:.0f} s are allowed", entry_id(entry))
    return green(told, entry_id(entry))


def sign_off(case: Case) -> Finding:
    """G14: somebody with a name approves, and answers for the clinical side."""
    return _signed(case, "G14") or not_yet("no approver has signed for this flip")


def readers(case: Case) -> Finding:
    """G16: each reader has read the served view with credentials of its own."""
    names = ", ".join(consumer.name for consumer in case.job.consumers)
    return _signed(case, "G16") or not_yet(f"not attested that these were tested: {names}")


def switched_off(case: Case) -> Finding:
    """G20: the nightly schedule has stopped, its credentials are revoked, its code is archived."""
    return _signed(case, "G20") or not_yet("not attested that schedule and credentials are gone")


def _signed(case: Case, gate: str) -> Finding | None:
    entry = _attested(case, gate)
    return green(f"attested by {entry.by}: {entry.reason}", entry_id(entry)) if entry else None


def _attested(case: Case, *gates: str) -> Entry | None:
    since = _since(case.entries) if SIGNED_PER_FLIP.intersection(gates) else 0
    found = [
        entry
        for entry in case.entries
        if entry.event == Event.ATTESTED and entry.gate in gates and entry.number > since
    ]
    return found[-1] if found else None


def _since(entries: list[Entry]) -> int:
    fallen = last_with(entries, Event.ROLLED_BACK, Event.DEMOTED, Event.HELD)
    return fallen.number if fallen else 0


def _alerted(facts: Facts) -> str:
    (row,) = facts.ask_stream([ALERTS, OBSERVATIONS], _ALERTED)
    return _in_words(row)


def _in_words(row: Mapping[str, Any]) -> str:
    days, alerts = row["patient_days"], row["alerts"]
    if not days:
        return "no patient-day has been observed"
    hours = f", {row['hours']:.1f} h (median) before the nightly job" if alerts else ""
    told = f"{alerts / days:.2f} alerts per patient-day in {counted(days, 'patient-day')}"
    return told + (hours if row["hours"] is not None else "")
