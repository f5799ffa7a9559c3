"""Taking an alert live: the second ledger, one line per rule family and unit.

Here: its gates and the decisions. It moves by itself: a data job can be in CUTOVER while its alert
stays silent. Not here: its states (alert_states.py), the alerts (clinical/detection), or what a
state means for who is told (lakehouse/going_live.py). What the desk's ward could measure is still
attested by a person, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clinical.detection.version import rules_version
from lakehouse.going_live import EVERY_UNIT
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import ALERTS, OBSERVATIONS
from orchestration.migration.alert_states import (
    ASKED,
    ATTESTABLE,
    MOVES,
    AlertEvent,
    AlertState,
    Asked,
)
from orchestration.migration.entering import Said, given
from orchestration.migration.errors import MoveError, PromotionRefusedError, unknown
from orchestration.migration.facts import Facts, gather
from orchestration.migration.gate import Finding, Gate, counted, failing, green, not_yet
from orchestration.migration.ledger import Entry, alert_entries, append_alert, last_with

_COUNTS = """
select
    rule_family as rule,
    count(*) filter (status = 'raised') as raised,
    count(*) filter (status = 'suppressed') as suppressed,
    (select count(distinct (facility, patient_id, received_date)) from observations) as days
from alerts where $unit in ('*', unit) group by rule_family order by rule_family
"""


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """One rule family in one unit: its state, and the gates of its next step."""

    rule: str
    unit: str
    state: AlertState
    since: datetime | None
    by: str | None
    raised: int
    suppressed: int
    gates: tuple[Gate, ...]


def alerts_status(lake: Lake, settings: Settings, now: datetime | None = None) -> list[AlertStatus]:
    """Every line of the ledger, and every family that has alerted as a draft for every unit."""
    lines = alert_entries(lake)
    facts = gather(lake, settings, now or datetime.now(UTC))
    drafts = {(rule, EVERY_UNIT) for rule in _counts(facts, EVERY_UNIT)}
    named = sorted(drafts | set(lines))
    return [_status(facts, rule, unit, lines.get((rule, unit), [])) for rule, unit in named]


def move_alert(
    lake: Lake,
    settings: Settings,
    line: tuple[str, str],
    event: AlertEvent,
    said: Said,
    *,
    gate: str | None = None,
    dry_run: bool = False,
) -> Entry:
    """Promote, silence, retire or attest a rule family in a unit, and write it down.

    Args:
        lake: The lake.
        settings: The deployment.
        line: Rule family, and unit or `*`.
        event: What is to happen.
        said: Who, why and when.
        gate: The gate that an attestation is for.
        dry_run: Check everything, write nothing.

    Raises:
        UnknownNameError: No such rule family or gate.
        MoveError: It cannot happen in the line's state.
        PromotionRefusedError: A gate of the step is not green.
        LedgerMovedError: Somebody else has decided about the line meanwhile.
    """
    entries = alert_entries(lake).get(line, [])
    facts = gather(lake, settings, said.at)
    _check_names(facts, line, gate, known=bool(entries))
    if not entries:
        first = _entry(facts, line, entries, AlertEvent.DECLARED, said)
        entries = [first]
        if not dry_run:
            append_alert(lake, first)
    gates = _gates(facts, line, entries) if event is AlertEvent.PROMOTED else []
    entry = _entry(facts, line, entries, event, said, gates=gates, gate=gate)
    if not dry_run:
        append_alert(lake, entry)
    return entry


def _entry(
    facts: Facts,
    line: tuple[str, str],
    entries: list[Entry],
    event: AlertEvent,
    said: Said,
    *,
    gates: list[Gate] | None = None,
    gate: str | None = None,
) -> Entry:
    state = AlertState(entries[-1].to_state) if entries else None
    target = MOVES.get((state, event))
    if target is None:
        msg = f"{line[0]} in unit {line[1]} is {state} and cannot be {event}"
        raise MoveError(msg)
    _refuse(line, target, gates or [])
    return Entry(
        line=line,
        number=len(entries) + 1,
        event=event,
        from_state=state,
        to_state=target,
        at=said.at,
        by=given("by", said.by),
        reason=given("reason", said.reason),
        rules_version=rules_version(),
        gate=gate,
        evidence={"gates": [dict(one.to_json()) for one in gates or []]},
        cut=facts.at.to_json(),
        delta_versions=facts.versions,
    )


def _refuse(line: tuple[str, str], target: AlertState, gates: list[Gate]) -> None:
    faults = [f"{g.id} is {g.state} ({g.title}; to mend: {g.mend})" for g in failing(gates)]
    if faults:
        msg = f"{line[0]} in unit {line[1]} cannot become {target}: {'; '.join(faults)}"
        raise PromotionRefusedError(msg)


def _check_names(facts: Facts, line: tuple[str, str], gate: str | None, *, known: bool) -> None:
    rule, _ = line
    families = _counts(facts, EVERY_UNIT)
    if not known and rule not in families:
        raise unknown(rule, "rule family", families or ["(none has alerted in this lake)"])
    if gate is not None and gate not in ATTESTABLE:
        raise unknown(gate, "gate", ATTESTABLE)


def _status(facts: Facts, rule: str, unit: str, entries: list[Entry]) -> AlertStatus:
    counts = _counts(facts, unit).get(rule, {})
    last = entries[-1] if entries else None
    return AlertStatus(
        rule=rule,
        unit=unit,
        state=AlertState(last.to_state) if last else AlertState.DRAFT,
        since=last.at if last else None,
        by=last.by if last else None,
        raised=counts.get("raised", 0),
        suppressed=counts.get("suppressed", 0),
        gates=tuple(_gates(facts, (rule, unit), entries)),
    )


def _gates(facts: Facts, line: tuple[str, str], entries: list[Entry]) -> list[Gate]:
    state = AlertState(entries[-1].to_state) if entries else AlertState.DRAFT
    target = MOVES.get((state, AlertEvent.PROMOTED))
    # A silenced alert has to earn its next step anew.
    fallen = last_with(entries, AlertEvent.SILENCED)
    valid = [entry for entry in entries if fallen is None or entry.number > fallen.number]
    counts = _counts(facts, line[1]).get(line[0], {})
    return [
        _gate(name, asked, _found(name, counts, valid))
        for name, asked in ASKED.items()
        if asked.before is target
    ]


def _gate(name: str, asked: Asked, found: Finding) -> Gate:
    return Gate(name, asked.title, found.light, found.detail, found.evidence, asked.mend)


def _found(name: str, counts: Mapping[str, Any], entries: list[Entry]) -> Finding:
    told = _told(counts)
    if name == "A1":
        return green(told) if counts else not_yet("no alert of this rule is stored")
    signed = last_with(entries, AlertEvent.ATTESTED, gate=name)
    if signed is None:
        return not_yet(f"{told}; not attested; the desk's fatigue page has the numbers")
    return green(f"{told}; attested by {signed.by}: {signed.reason}")


def _told(counts: Mapping[str, Any]) -> str:
    if not counts:
        return "no alert"
    per_day = counts["raised"] / counts["days"] if counts["days"] else 0.0
    raised = counted(counts["raised"], "alert")
    return f"{raised}, {per_day:.2f} per patient-day of the lake, {counts['suppressed']} suppressed"


def _counts(facts: Facts, unit: str) -> dict[str, dict[str, Any]]:
    rows = facts.once(
        f"alerts of {unit}",
        lambda: facts.ask_stream([ALERTS, OBSERVATIONS], _COUNTS, {"unit": unit}),
    )
    return {row["rule"]: row for row in rows}
