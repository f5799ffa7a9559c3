"""Who gets an alert: routes, schedules, escalation chains, and what keeps an alert from being told.

Here: the text of a routes file in, decisions out, as pure functions. Not here: the life of an alert
(clinical/alerts), or anything that sends (the alert desk).
"""

from clinical.routing.errors import RoutesError
from clinical.routing.parsing import match_of, parse
from clinical.routing.planning import plan
from clinical.routing.routes import Match, Override, Receiver, Routes, Schedule
from clinical.routing.schedules import on_duty, shift, shift_began
from clinical.routing.silences import objection
from clinical.routing.subject import (
    OpenCase,
    Plan,
    Silence,
    Situation,
    Step,
    Subject,
    Target,
    Verdict,
)

__all__ = [
    "Match",
    "OpenCase",
    "Override",
    "Plan",
    "Receiver",
    "Routes",
    "RoutesError",
    "Schedule",
    "Silence",
    "Situation",
    "Step",
    "Subject",
    "Target",
    "Verdict",
    "match_of",
    "objection",
    "on_duty",
    "parse",
    "plan",
    "shift",
    "shift_began",
]
