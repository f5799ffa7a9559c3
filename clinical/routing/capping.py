"""Who is told in a role at a moment: the one on duty, or the next where they have had enough.

Here: roles to targets. Not here: which roles, and when (planning.py).

A page that overflows goes to another role's person instead; where all have had enough it goes to
whom it was for. Critical alerts, drills and technical alarms do not overflow.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from clinical.routing.asked import Asked
from clinical.routing.routes import Role, Routes
from clinical.routing.schedules import on_duty
from clinical.routing.subject import Situation, Subject, Target


def target(asked: Asked, name: str, after: timedelta, following: str | None = None) -> Target:
    """Whom a role means when a step comes.

    Args:
        asked: The alert.
        name: The role.
        after: How long after the asking the step comes.
        following: The role that is asked next, for what overflows where the role itself names none.
    """
    routes, at = asked.routes, asked.comes_at(after)
    role, first = routes.roles[name], _holder(asked, routes.roles[name], at)
    if _never_overflows(asked.subject) or not _has_enough(role, first.person, asked.situation):
        return first
    for other in _overflowing(routes, role, following):
        held = _holder(asked, other, at)
        if not _has_enough(other, held.person, asked.situation):
            moved = first.person if held.person != first.person else None
            return replace(held, overflowed_from=moved)
    return first


def _never_overflows(subject: Subject) -> bool:
    return subject.severity == "critical" or subject.drill or subject.technical


def _holder(asked: Asked, role: Role, at: datetime) -> Target:
    """Who has a role, with their own receivers; the role's own where nobody has it."""
    routes, name = asked.routes, role.units.get(asked.subject.unit or "", role.schedule)
    person = None
    if name is not None:
        further = asked.situation.overrides.get(name, ())
        person = on_duty(routes.schedules[name], at, further)
    known = routes.people.get(person or "")
    if known is None:
        return Target(None, role.name, role.receivers)
    return Target(known.name, role.name, tuple(known.addresses) or role.receivers)


def _overflowing(routes: Routes, role: Role, following: str | None) -> Iterator[Role]:
    """The roles that take what overflows from one, each once."""
    seen, at = {role.name}, role.overflow or following
    while at is not None and at not in seen:
        seen.add(at)
        yield routes.roles[at]
        at = routes.roles[at].overflow


def _has_enough(role: Role, person: str | None, situation: Situation) -> bool:
    if person is None or role.pages is None:
        return False
    return situation.pages.get(person, 0) >= role.pages
