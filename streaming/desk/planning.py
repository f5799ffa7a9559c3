"""Who is told of a case: the routes asked, with what the store knows beside it.

Here: gathering that for many cases at once. Not here: the routing itself (clinical/routing), or
putting a telling into the outbox (outbox.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, func, select

from clinical.alerts import State
from clinical.routing import OpenCase, Plan, Routes, Situation, Subject, plan, shift_began
from clinical.routing.routes import PASSIVE
from streaming.desk import silencing
from streaming.desk.plans import is_quiet
from streaming.desk.store.models import CASES, NOTIFICATIONS
from streaming.desk.store.upserts import chunks

_SEEN: Final = (
    *(CASES.c.alert_id, CASES.c.rule, CASES.c.rule_family, CASES.c.severity, CASES.c.band),
    *(CASES.c.unit, CASES.c.raised_at, CASES.c.facility, CASES.c.patient_id, CASES.c.route),
    *(CASES.c.drill, CASES.c.technical, CASES.c.state, CASES.c.told_at),
)


@dataclass(slots=True)
class _Known:
    """What is known while cases are planned one after the other; each adds to it."""

    pages: dict[str, int]
    situation: Situation
    cases: dict[str, list[OpenCase]] = field(default_factory=dict)

    def beside(self, subject: Subject) -> Situation:
        """What routing may know when it plans a case."""
        cases = self.cases.get(subject.patient or "", ())
        return Situation(self.pages, self.situation.silences, cases, self.situation.overrides)

    def add(self, subject: Subject, made: Plan, now: datetime) -> None:
        """A case was planned: it is open, and people were paged."""
        if is_quiet(made):
            return
        # Who joined another's telling was not told: it groups nothing itself.
        told = made.steps and made.steps[0].targets
        if subject.patient is not None and told:
            case = OpenCase(subject, "raised", now)
            self.cases.setdefault(subject.patient, []).append(case)
        for target in made.steps[0].targets if made.steps else ():
            if target.person is not None and not subject.drill:
                self.pages[target.person] = self.pages.get(target.person, 0) + 1


@dataclass(frozen=True, slots=True)
class Planner:
    """Who says whom to tell, by the routes of a hospital."""

    routes: Routes

    def plans(
        self,
        connection: Connection,
        subjects: Sequence[Subject],
        now: datetime,
        since: datetime | None = None,
        *,
        alone: bool = False,
    ) -> list[Plan]:
        """A plan for each case, as they would be asked one after the other.

        Args:
            connection: A transaction.
            subjects: The cases.
            now: When they are planned.
            since: From when their steps count; now where None.
            alone: Whether no silence and no other case may hide them.
        """
        known = self._known(connection, subjects, now)
        made = []
        for subject in subjects:
            beside = known.beside(subject)
            if alone:
                beside = Situation(beside.pages, overrides=beside.overrides)
            found = plan(self.routes, subject, now, beside, since)
            known.add(subject, found, now)
            made.append(found)
        return made

    def receivers_of(self, person: str) -> tuple[str, ...]:
        """By which receivers a person is reached; those that only show where none is known."""
        known = self.routes.people.get(person)
        if known is not None and known.addresses:
            return tuple(known.addresses)
        shown = (one.name for one in self.routes.receivers.values() if one.kind in PASSIVE)
        return tuple(shown)

    def others_than(self, receiver: str) -> tuple[str, ...]:
        """Who may stand in for a receiver: its fallback, else every other that reaches people."""
        known = self.routes.receivers.get(receiver)
        if known is not None and known.fallback is not None:
            return (known.fallback,)
        others = [one for one in self.routes.receivers.values() if one.name != receiver]
        loud = tuple(one.name for one in others if one.kind not in PASSIVE)
        return loud or tuple(one.name for one in others)

    def _known(self, connection: Connection, subjects: Sequence[Subject], now: datetime) -> _Known:
        beside = Situation(
            silences=silencing.silences(connection, now),
            overrides=silencing.overrides(connection, now),
        )
        pages = _pages(connection, shift_began(self.routes, now))
        return _Known(pages, beside, _open_beside(connection, subjects))


def subject_of(columns: Mapping[str, Any]) -> Subject:
    """The case of a row of `cases`, as routing sees it."""
    patient = columns["patient_id"]
    return Subject(
        alert_id=columns["alert_id"],
        rule=columns["rule"],
        rule_family=columns["rule_family"],
        severity=columns["severity"],
        band=columns["band"],
        unit=columns["unit"],
        raised_at=columns["raised_at"],
        patient=None if patient is None else f"{columns['facility']}/{patient}",
        route=columns["route"],
        drill=columns["drill"],
        technical=columns["technical"],
    )


def _pages(connection: Connection, since: datetime) -> dict[str, int]:
    """How often each person was paged; one alert by two receivers is one page."""
    telling = (NOTIFICATIONS.c.alert_id, NOTIFICATIONS.c.asking, NOTIFICATIONS.c.step)
    paged = (
        select(NOTIFICATIONS.c.person, *telling)
        .where(
            *(NOTIFICATIONS.c.person.is_not(None), NOTIFICATIONS.c.due_at >= since),
            *(NOTIFICATIONS.c.kind != "drill", NOTIFICATIONS.c.state != "withdrawn"),
        )
        .distinct()
        .subquery()
    )
    rows = connection.execute(select(paged.c.person, func.count()).group_by(paged.c.person))
    return {row[0]: row[1] for row in rows}


def _open_beside(connection: Connection, subjects: Sequence[Subject]) -> dict[str, list[OpenCase]]:
    """The open cases of the patients of these, by patient."""
    patients = sorted({one.patient.partition("/")[2] for one in subjects if one.patient})
    found: dict[str, list[OpenCase]] = {}
    for some in chunks(patients):
        wanted = (CASES.c.is_open, CASES.c.patient_id.in_(some), CASES.c.quiet.is_(False))
        for row in connection.execute(select(*_SEEN).where(*wanted)).mappings():
            subject = subject_of(cast("Mapping[str, Any]", row))
            case = OpenCase(subject, cast("State", row["state"]), row["told_at"])
            found.setdefault(subject.patient or "", []).append(case)
    return found
