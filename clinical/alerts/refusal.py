"""Why an act is refused: a named reason, and one sentence for the person who tried.

Here: the sentences; they name colleagues and times, never a patient or a value. Not here: when an
act is refused (deciding.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from clinical.alerts.life import Act, Life
from clinical.alerts.reasons import OTHER, REASONS
from clinical.alerts.table import SNOOZE_LIMIT

Why = Literal[
    "closed",
    "not_yet_taken",
    "taken_by_other",
    "same_state",
    "reason_missing",
    "reason_unknown",
    "nobody_named",
    "to_self",
    "no_end",
    "too_long",
    "not_yet",
    "already_told",
    "person_missing",
    "desk_only",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that was not done. `who` and `since`: who has the case and since when, if anybody."""

    why: Why
    told: str
    who: str | None = None
    since: datetime | None = None


def refused(why: Why, life: Life, act: Act) -> Refusal:
    """The refusal of an act, in words."""
    return Refusal(why, _told(why, life, act), life.owner, _since(life))


def _since(life: Life) -> datetime | None:
    """Since when who has it has it; of a closed case when it was closed."""
    return life.taken_at if life.is_open else life.changed_at


def _told(why: Why, life: Life, act: Act) -> str:
    match why:
        case "closed":
            closer = life.owner or "the desk"
            told = (
                f"Nothing was done: {closer} closed this ({life.state}) {_when(life.changed_at)}."
            )
        case "taken_by_other":
            told = f"Nothing was done: {life.owner} has had this since {_when(life.taken_at)}."
        case "same_state":
            told = f"Nothing was done: this is {_words(life.state)} already."
        case "too_long":
            limit = int(SNOOZE_LIMIT[life.severity].total_seconds() // 60)
            told = f"An alert of severity {life.severity} can be snoozed for {limit} minutes."
        case "reason_unknown":
            told = f"The reason must be one of: {', '.join(REASONS[act.event])}."
        case "reason_missing" if act.reason == OTHER:
            told = "Say in a few words what the other reason is."
        case _:
            told = _TOLD[why]
    return told


_TOLD: dict[Why, str] = {
    "not_yet_taken": "Nobody has taken this yet: acknowledge it first.",
    "reason_missing": "A reason is needed.",
    "nobody_named": "Say whom it is handed to.",
    "to_self": "This is yours already: hand it to somebody else.",
    "no_end": "A snooze needs an end that lies ahead.",
    "not_yet": "The snooze has not ended yet.",
    "already_told": "What somebody was told of does not expire: it must be taken.",
    "person_missing": "Only a person can do this.",
    "desk_only": "Only the desk itself can do this.",
}


def _when(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "an unknown time"


def _words(state: str) -> str:
    return state.replace("_", " ")
