"""`pulsehouse migrate alerts`: alerts on their way to the people they are for.

Here: from what was typed to the alert ledger, and how it is shown. Not here: the rules
(orchestration/migration/alerts.py).
"""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.migration.alert_states import AlertEvent
from orchestration.migration.alerts import AlertStatus, alerts_status, move_alert
from orchestration.migration.entering import Said
from orchestration.migration.gate import failing
from pulsehouse import migrating, terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK

COLUMNS = ("rule", "unit", "state", "since", "by", "raised", "suppressed", "gates not green")


def status(place: Path | None, *, as_json: bool) -> int:
    """Show every rule family and unit."""
    found = alerts_status(open_lake(place), settings())
    if as_json:
        terminal.emit_json({"alerts": [_json(one) for one in found]})
        return OK
    terminal.show_table("Alerts", COLUMNS, [_row(one) for one in found])
    terminal.note(
        "The alert desk tells people of pilot and live rules, where a unit is named there alone,"
        " and of rules that the ledger has no line of."
    )
    return OK


def move(  # noqa: PLR0917 options in the order in which they are typed
    event: str,
    rule: str,
    unit: str,
    reason: str,
    by: str | None,
    place: Path | None,
    *,
    as_json: bool,
    dry_run: bool,
    gate: str | None = None,
) -> int:
    """Write a decision about an alert down, and say what it came to."""
    lake = migrating.lake_to_decide_in(place, dry_run=dry_run)
    said = Said(by or getpass.getuser(), reason, datetime.now(UTC))
    line, named = (rule, unit), gate.upper() if gate else None
    entry = move_alert(lake, settings(), line, AlertEvent(event), said, gate=named, dry_run=dry_run)
    return migrating.told(entry, as_json=as_json, dry_run=dry_run)


def _row(one: AlertStatus) -> tuple[object, ...]:
    stopping = ", ".join(f"{gate.id} {gate.title}" for gate in failing(one.gates))
    counts = (one.raised, one.suppressed)
    state = str(one.state) if one.since else f"{one.state}, and told: no line yet"
    return (one.rule, one.unit, state, one.since, one.by, *counts, stopping)


def _json(one: AlertStatus) -> dict[str, Any]:
    plain: dict[str, Any] = {name: getattr(one, name) for name in AlertStatus.__slots__}
    return plain | {"gates": [gate.to_json() for gate in one.gates]}
