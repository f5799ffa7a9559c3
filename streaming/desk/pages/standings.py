"""Who has an alert, in one line.

Here: words for the state of a case. Not here: the states (clinical/alerts).
"""

from collections.abc import Mapping
from datetime import datetime

from clinical.alerts import CLOSED, State
from streaming.desk.pages import words
from streaming.desk.pages.views import Standing

# A person's display name by the name of the account.
Names = Mapping[str, str]
DESK = "the desk"


def standing(
    state: State,
    *,
    owner: str | None,
    offered_to: str | None,
    since: datetime | None,
    until: str | None,
    names: Names,
) -> Standing:
    """Who has it, since when, and what else must be known."""
    who = called(owner, names)
    if state in CLOSED:
        return Standing(capital(words.STATES[state].format(who=who)), since)
    if state == "handed_over":
        return Standing(
            f"{who} has it", since, f"offered to {called(offered_to, names)}, not taken"
        )
    if owner is None:
        return Standing("Nobody has it", None, _also(state))
    if state == "snoozed":
        return Standing(f"{who} has it", since, f"snoozed until {until}")
    return Standing(f"{who} has it", since, "confirmed" if state == "confirmed" else None)


def called(name: str | None, names: Names) -> str:
    """A colleague by the name they go by; the desk where nobody did it."""
    return names.get(name, name) if name else DESK


def told(name: str, names: Names) -> str:
    """Whom a step tells: a person, or a role in words."""
    return names.get(name) or f"the {name.replace('_', ' ')}"


def capital(sentence: str) -> str:
    """A sentence with a capital, whatever word it begins with."""
    return sentence[:1].upper() + sentence[1:]


def _also(state: State) -> str | None:
    return {"escalated": "escalated", "read": "somebody has seen it"}.get(state)
