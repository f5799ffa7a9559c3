"""The states of an alert rule in a unit, on its way to the people it is for, as literal tables.

Here: which event leads where, and which gates each step needs. Pure. Not here: computing the gates,
or deciding (alerts.py).

    draft -> silent -> pilot -> live -> retired
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AlertState(StrEnum):
    """How far an alert is from the people it is for."""

    DRAFT = "draft"
    SILENT = "silent"
    PILOT = "pilot"
    LIVE = "live"
    RETIRED = "retired"


class AlertEvent(StrEnum):
    """What an entry says has happened."""

    DECLARED = "declared"
    PROMOTED = "promoted"
    SILENCED = "silenced"
    RETIRED = "retired"
    ATTESTED = "attested"


MOVES: Mapping[tuple[AlertState | None, AlertEvent], AlertState] = {
    (None, AlertEvent.DECLARED): AlertState.DRAFT,
    (AlertState.DRAFT, AlertEvent.PROMOTED): AlertState.SILENT,
    (AlertState.SILENT, AlertEvent.PROMOTED): AlertState.PILOT,
    (AlertState.PILOT, AlertEvent.PROMOTED): AlertState.LIVE,
    (AlertState.PILOT, AlertEvent.SILENCED): AlertState.SILENT,
    (AlertState.LIVE, AlertEvent.SILENCED): AlertState.SILENT,
    (AlertState.SILENT, AlertEvent.RETIRED): AlertState.RETIRED,
    (AlertState.PILOT, AlertEvent.RETIRED): AlertState.RETIRED,
    (AlertState.LIVE, AlertEvent.RETIRED): AlertState.RETIRED,
    **{(state, AlertEvent.ATTESTED): state for state in AlertState},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One gate: the step it stands before, its title, and how to turn it green."""

    before: AlertState
    title: str
    mend: str


# A1 is counted from the lake; the others a person answers for, beside what can be counted.
ASKED: Mapping[str, Asked] = {
    "A1": Asked(AlertState.SILENT, "the rule has decided on this lake", "replay some days"),
    "A2": Asked(AlertState.PILOT, "precision is within the unit's budget", "review charts"),
    "A3": Asked(AlertState.PILOT, "alerts per patient-day are within the budget", "agree on one"),
    "A4": Asked(AlertState.PILOT, "suppressed alerts are reviewed", "review their reasons"),
    "A5": Asked(AlertState.LIVE, "delivery receipts reach their target", "measure them"),
    "A6": Asked(AlertState.LIVE, "time to acknowledgement is measured", "measure it"),
    "A7": Asked(AlertState.LIVE, "an escalation drill was passed", "hold one"),
}
ATTESTABLE = tuple(name for name in ASKED if name != "A1")
