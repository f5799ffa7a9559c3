"""The life of an alert, as pure functions: who may do what to it, and what it is then.

Here: states, acts, refusals, escalation in time, and statistics of fatigue. Not here: who is told
(clinical/routing), or anything that keeps, sends or shows (the alert desk).
"""

from clinical.alerts.deciding import decide
from clinical.alerts.escalation import REPEAT, escalates, next_step_at
from clinical.alerts.life import (
    CLOSED,
    EVENTS,
    OPEN,
    SEVERITIES,
    STATES,
    TAKEN,
    UNTAKEN,
    Act,
    Event,
    Life,
    State,
    Verdict,
    raised,
    rank,
)
from clinical.alerts.reasons import DECLINE_REASONS, REASONS, RELEASE_REASONS, RESOLVE_REASONS
from clinical.alerts.refusal import Refusal, Why
from clinical.alerts.table import ACTORS, SNOOZE_LIMIT, TRANSITIONS

__all__ = [
    "ACTORS",
    "CLOSED",
    "DECLINE_REASONS",
    "EVENTS",
    "OPEN",
    "REASONS",
    "RELEASE_REASONS",
    "REPEAT",
    "RESOLVE_REASONS",
    "SEVERITIES",
    "SNOOZE_LIMIT",
    "STATES",
    "TAKEN",
    "TRANSITIONS",
    "UNTAKEN",
    "Act",
    "Event",
    "Life",
    "Refusal",
    "State",
    "Verdict",
    "Why",
    "decide",
    "escalates",
    "next_step_at",
    "raised",
    "rank",
]
