"""A row of the board: a case, the person it is about, and where it stands, as one value.

Here: putting them together. Not here: reading them (boards.py), or how a row looks (row.html).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from clinical.alerts import SEVERITIES, TAKEN, State
from clinical.detection.finding import Severity
from streaming.desk.case_rows import CaseRow
from streaming.desk.pages import readings, times, words
from streaming.desk.pages.standings import Names, standing, told
from streaming.desk.pages.trends import Points, trend
from streaming.desk.pages.views import Level, Person, Row, Tally

UNTAKEN_FIRST, TAKEN_LAST = 0, 1
_EPOCH_DIGITS = 16


class Known(Protocol):
    """What the picture knows of a patient; None is not known."""

    @property
    def name(self) -> str | None:
        """Family and given name."""

    @property
    def birth_date(self) -> date | None:
        """Date of birth."""

    @property
    def sex(self) -> str | None:
        """As the feed says it."""

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifier that stands today first, then those merged into it."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a case, for a row: person, bed, line of 24 hours, colleagues.

    `is_lost` says that the first three could not be asked for.
    """

    known: Known | None = None
    bed: str | None = None
    points: Points = ()
    names: Mapping[str, str] | None = None
    is_lost: bool = False


def row(case: CaseRow, around: Around, now: datetime, zone: ZoneInfo) -> Row:
    """One case as a row."""
    state: State = case.life.state
    names: Names = around.names or {}
    evidence = case.payload.get("evidence") or ()
    untaken = state not in TAKEN and case.life.is_open
    return Row(
        alert_id=case.alert_id,
        key=key(case.alert_id),
        order=order(case.severity, case.raised_at, untaken=untaken),
        severity=case.severity,
        level=words.LEVELS[case.severity],
        title=case.title,
        unit=case.unit,
        bed="The feeds" if case.technical else around.bed,
        place=_place(case, around.bed),
        person=person(case, around.known, now) if case.patient_id else None,
        patient_href=patient_href(case),
        readings=readings.brief(evidence, case.raised_at),
        missing=readings.not_measured(case.payload.get("missing") or ()),
        trend=trend(around.points, now),
        standing=standing(
            state,
            owner=case.owner,
            offered_to=case.offered_to,
            since=case.life.taken_at if case.life.is_open else case.changed_at,
            until=times.clock(case.snoozed_until, zone) if case.snoozed_until else None,
            names=names,
        ),
        untaken=untaken,
        taken=not untaken,
        owner=case.owner if case.life.is_open else None,
        offered_to=case.offered_to,
        raised_at=case.raised_at,
        next_at=case.next_step_at,
        next_told=tuple(told(name, names) for name in case.next_step_told),
        annotations=(
            *(words.annotation(note) for note in case.annotations),
            *((words.NO_UNIT,) if case.unit is None and not case.technical else ()),
            *((words.NO_PICTURE,) if around.is_lost else ()),
        ),
        drill=case.drill,
        technical=case.technical,
    )


def person(case: CaseRow, known: Known | None, now: datetime) -> Person:
    """The patient as the board names them; without a picture, by the number alone."""
    visit = (f"Visit {case.encounter_id}",) if case.encounter_id else ()
    if known is None:
        return Person(None, None, None, None, (f"No. {case.patient_id}", *visit))
    numbers = known.identifiers or (case.patient_id,)
    born = known.birth_date
    return Person(
        name=known.name,
        born=born,
        age=times.spoken_age(born, now.date()) if born else None,
        sex=known.sex,
        identifiers=(f"No. {numbers[0]}", *(f"was {old}" for old in numbers[1:]), *visit),
    )


def patient_href(case: CaseRow) -> str | None:
    """The page of a case's patient."""
    if case.facility is None or case.patient_id is None:
        return None
    return f"/patients/{quote(case.facility, safe='')}/{quote(case.patient_id, safe='')}"


def key(alert_id: str) -> str:
    """A name for the alert in a page that tells nothing, also on the wall."""
    return hashlib.sha256(alert_id.encode()).hexdigest()[:16]


def order(severity: Severity, raised_at: datetime, *, untaken: bool) -> str:
    """Where a row stands, as text that sorts: worst first, untaken first, oldest first.

    The order of `Cases.open`; a test holds the two equal.
    """
    worst = len(SEVERITIES) - 1 - SEVERITIES.index(severity)
    waits = UNTAKEN_FIRST if untaken else TAKEN_LAST
    microseconds = int(raised_at.timestamp() * 1_000_000)
    return f"{worst}{waits}{microseconds:0{_EPOCH_DIGITS}}"


def tally(counts: Mapping[str | None, Mapping[str, int]], unit: str | None = None) -> Tally:
    """How many are open in a unit, with what belongs to none; or in all of those counted."""
    chosen = [of for name, of in counts.items() if unit is None or name in {unit, None}]
    return Tally(
        tuple(
            Level(severity, words.LEVELS[severity], sum(of.get(severity, 0) for of in chosen))
            for severity in reversed(SEVERITIES)
        )
    )


def _place(case: CaseRow, bed: str | None) -> str | None:
    if case.technical:
        return case.unit or "The feeds"
    return " · ".join(filter(None, (case.unit, bed))) or None
