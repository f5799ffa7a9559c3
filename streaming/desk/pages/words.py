"""The ward's words for severities, states and events.

Here: literal tables. Not here: what the states mean (clinical/alerts), or the names of readings
(naming.py).
"""

from collections.abc import Mapping

from clinical.alerts import Event, State
from clinical.context.contexts import CONTEXTS
from clinical.detection.finding import Severity
from streaming.desk.pages import naming

LEVELS: Mapping[Severity, str] = {
    "critical": "Critical",
    "high": "High",
    "medium": "Medium",
    "low": "Low",
}

# How a state stands in a line about a closed or past alert; `{who}` is who brought it there.
STATES: Mapping[State, str] = {
    "raised": "nobody has it",
    "delivered": "nobody has it",
    "read": "nobody has it, somebody has seen it",
    "escalated": "nobody has it, escalated",
    "handed_over": "handed over by {who}, not taken yet",
    "acknowledged": "{who} has it",
    "confirmed": "{who} has it, confirmed",
    "snoozed": "snoozed by {who}",
    "declined": "declined by {who}",
    "resolved": "resolved by {who}",
    "retracted": "retracted: what it rested on no longer stands",
    "expired": "expired",
}

# A line of the history; `{who}` did it.
EVENTS: Mapping[Event | str, str] = {
    "raise": "Raised",
    "deliver": "Reached somebody's device",
    "read": "Opened by {who}",
    "acknowledge": "Taken by {who}",
    "unacknowledge": "Given back by {who}",
    "confirm": "Confirmed by {who}",
    "decline": "Declined by {who}",
    "hand_over": "Handed over by {who} to {to}",
    "snooze": "Snoozed by {who} until {until}",
    "wake": "The snooze ended",
    "worsen": "Became worse: {severity}",
    "escalate": "Escalated",
    "resolve": "Resolved by {who}",
    "retract": "Retracted",
    "annotate": "Note by {who}",
    "expire": "Expired",
}

# What the desk notes by itself, where it says no more.
_ANNOTATIONS: Mapping[str, str] = {
    "moved": "The patient has moved",
    "corrected": "What it rests on was corrected",
    "earlier_alert": "An earlier alert of this episode stands behind it",
    "asked": "Asked anew",
}

# Their note is the name of another alert.
_NAMING = frozenset({"earlier_alert"})
NO_UNIT = "Unit not known: everybody who may see patients sees this alert"
NO_PICTURE = "Name, bed and course cannot be shown just now; the number is right"

KEYS = (
    ("j / k", "Next alert, alert before"),
    ("Enter", "Open the alert"),
    ("a", "Acknowledge: I have it"),
    ("c", "Confirm, once it is yours: it is true and matters"),
    ("d", "Decline, once it is yours, with a reason"),
    ("h", "Hand over"),
    ("s", "Snooze"),
    ("r", "Resolve"),
    ("u", "Give back"),
    ("b", "The board"),
    ("?", "These keys"),
)


def annotation(note: Mapping[str, object]) -> str:
    """What stands beside an alert: its own words, else those of its reason."""
    reason, said = str(note.get("reason") or ""), note.get("note")
    if reason in _NAMING:
        return _ANNOTATIONS[reason]
    return str(said or _ANNOTATIONS.get(reason) or naming.plain(reason))


def context(name: str) -> str:
    """A context as a person reads it."""
    found = CONTEXTS.get(name)
    return found.meaning if found else naming.plain(name)
