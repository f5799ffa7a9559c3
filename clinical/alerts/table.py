"""What may happen to an alert in each state, and what it is then: one literal table.

Here: the law of the life cycle as values. Not here: what an act changes beside the state, and the
conditions that depend on more than the state (deciding.py).

What is absent cannot happen. A closed alert stays closed; it can only be annotated.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from clinical.alerts.life import Event, State
from clinical.detection.finding import Severity

TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    "raised": {
        "deliver": "delivered",
        "read": "read",
        "acknowledge": "acknowledged",
        "confirm": "confirmed",
        "decline": "declined",
        "worsen": "raised",
        "escalate": "escalated",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "raised",
        "expire": "expired",
    },
    "delivered": {
        "deliver": "delivered",
        "read": "read",
        "acknowledge": "acknowledged",
        "confirm": "confirmed",
        "decline": "declined",
        "worsen": "raised",
        "escalate": "escalated",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "delivered",
    },
    "read": {
        "deliver": "read",
        "read": "read",
        "acknowledge": "acknowledged",
        "confirm": "confirmed",
        "decline": "declined",
        "worsen": "raised",
        "escalate": "escalated",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "read",
    },
    "escalated": {
        "deliver": "escalated",
        "read": "escalated",
        "acknowledge": "acknowledged",
        "confirm": "confirmed",
        "decline": "declined",
        "worsen": "escalated",
        "escalate": "escalated",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "escalated",
    },
    # Still its giver's, and asking: whoever takes it has it.
    "handed_over": {
        "deliver": "handed_over",
        "read": "handed_over",
        "acknowledge": "acknowledged",
        "unacknowledge": "raised",
        "confirm": "confirmed",
        "decline": "declined",
        "hand_over": "handed_over",
        "worsen": "handed_over",
        "escalate": "handed_over",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "handed_over",
    },
    "acknowledged": {
        "deliver": "acknowledged",
        "read": "acknowledged",
        "acknowledge": "acknowledged",
        "unacknowledge": "raised",
        "confirm": "confirmed",
        "decline": "declined",
        "hand_over": "handed_over",
        "snooze": "snoozed",
        "worsen": "raised",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "acknowledged",
    },
    "confirmed": {
        "deliver": "confirmed",
        "read": "confirmed",
        "acknowledge": "confirmed",
        "unacknowledge": "raised",
        "confirm": "confirmed",
        "decline": "declined",
        "hand_over": "handed_over",
        "snooze": "snoozed",
        "worsen": "raised",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "confirmed",
    },
    # Its owner may end the snooze early by acknowledging; its end asks anew.
    "snoozed": {
        "deliver": "snoozed",
        "read": "snoozed",
        "acknowledge": "acknowledged",
        "unacknowledge": "raised",
        "confirm": "confirmed",
        "decline": "declined",
        "hand_over": "handed_over",
        "wake": "raised",
        "worsen": "raised",
        "resolve": "resolved",
        "retract": "retracted",
        "annotate": "snoozed",
    },
    "declined": {"annotate": "declined"},
    "resolved": {"annotate": "resolved"},
    "retracted": {"annotate": "retracted"},
    "expired": {"annotate": "expired"},
}

Actor = Literal["anyone", "owner", "desk"]

# Who may: `owner` is whoever has the case, where somebody has it; the desk itself may everything
# but what says that a person has looked.
ACTORS: Mapping[Event, Actor] = {
    "deliver": "anyone",
    "read": "anyone",
    "acknowledge": "owner",
    "unacknowledge": "anyone",
    "confirm": "owner",
    "decline": "owner",
    "hand_over": "owner",
    "snooze": "owner",
    "wake": "desk",
    "worsen": "desk",
    "escalate": "anyone",
    "resolve": "owner",
    "retract": "desk",
    "annotate": "anyone",
    "expire": "desk",
}

# What only a person can say.
OF_PEOPLE: frozenset[Event] = frozenset(
    {"read", "acknowledge", "unacknowledge", "confirm", "decline", "hand_over", "snooze"}
)

# Longer, and the next look at the patient would be later than the response that NEWS2 asks for at
# the severity (RCP 2017, chart 4: emergency continuous, urgent hourly, low 4-6 hourly). The minutes
# are this project's own choice.
SNOOZE_LIMIT: Mapping[Severity, timedelta] = {
    "critical": timedelta(minutes=15),
    "high": timedelta(minutes=60),
    "medium": timedelta(hours=4),
    "low": timedelta(hours=12),
}
