"""The life of one alert: its states, what may happen to it, and what it is at a moment.

Here: the words and the values. Not here: which act leads from which state to which (table.py), or
who may do it (deciding.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from clinical.detection.finding import Severity

State = Literal[
    "raised",
    "delivered",
    "read",
    "escalated",
    "handed_over",
    "acknowledged",
    "confirmed",
    "snoozed",
    "declined",
    "resolved",
    "retracted",
    "expired",
]
Event = Literal[
    "deliver",
    "read",
    "acknowledge",
    "unacknowledge",
    "confirm",
    "decline",
    "hand_over",
    "snooze",
    "wake",
    "worsen",
    "escalate",
    "resolve",
    "retract",
    "annotate",
    "expire",
]
Verdict = Literal["confirmed", "declined"]

# From mild to severe.
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
STATES: tuple[State, ...] = get_args(State)
EVENTS: tuple[Event, ...] = get_args(Event)

# Nobody has taken it: it asks until somebody does. One handed over is still its giver's meanwhile.
UNTAKEN: frozenset[State] = frozenset({"raised", "delivered", "read", "escalated", "handed_over"})
TAKEN: frozenset[State] = frozenset({"acknowledged", "confirmed", "snoozed"})
OPEN = UNTAKEN | TAKEN
CLOSED: frozenset[State] = frozenset({"declined", "resolved", "retracted", "expired"})


@dataclass(frozen=True, slots=True)
class Life:
    """One alert at a moment.

    `owner` is who has it: the one who took it, of a case that is handed over its giver, and of a
    closed one who closed it. An *asking* begins when the alert is raised, and anew when it is
    handed over, given back, woken or worse; `step` counts the escalations since `asked_at`, the
    first telling not among them. `changed_at` is when state or owner last changed, and
    `acknowledged_at` when somebody first took it. `version` counts everything that happened.
    """

    alert_id: str
    severity: Severity
    state: State
    raised_at: datetime
    changed_at: datetime
    asked_at: datetime
    asking: int = 0
    step: int = 0
    stepped_at: datetime | None = None
    owner: str | None = None
    taken_at: datetime | None = None
    offered_to: str | None = None
    snoozed_until: datetime | None = None
    verdict: Verdict | None = None
    acknowledged_at: datetime | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be done about it."""
        return self.state in OPEN

    @property
    def is_taken(self) -> bool:
        """Whether somebody has accepted it, so that it asks nobody else."""
        return self.state in TAKEN


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does, or the desk itself where `by` is None, at a moment.

    `reason` is a code of reasons.py where the event has codes; `note` is free text beside it. `to`
    is whom a case is handed to, `until` the end of a snooze, `severity` that of what is worse.
    """

    event: Event
    at: datetime
    by: str | None = None
    reason: str | None = None
    note: str | None = None
    to: str | None = None
    until: datetime | None = None
    severity: Severity | None = None


def raised(alert_id: str, severity: Severity, at: datetime) -> Life:
    """The life of an alert that was raised: open, nobody's, and asking from this moment on."""
    return Life(alert_id, severity, "raised", raised_at=at, changed_at=at, asked_at=at)


def rank(severity: Severity) -> int:
    """Place of a severity, from mild (0) to severe."""
    return SEVERITIES.index(severity)
