"""The patient's page as values: drugs, readings, scores, contexts, open alerts.

Here: what the picture knows, in the ward's words. Not here: the picture (streaming/desk/picture),
or the route (patient_pages.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from streaming.desk.desk import Desk
from streaming.desk.pages import naming, readings, times
from streaming.desk.pages.boards import rows_of
from streaming.desk.pages.surroundings import place_of
from streaming.desk.pages.views import Person, Reading, Row
from streaming.desk.picture import views as told
from streaming.desk.picture.picture import Picture

_CHANGES: Final[Mapping[str, str]] = {
    "new": "New since",
    "changed": "Changed",
    "held": "Held since",
    "resumed": "Given again",
    "ended": "Ended since",
}
# What a change is told of, in the order of a prescription.
_WAS: Final = ("drug", "dose", "rate", "route", "started_at")


@dataclass(frozen=True, slots=True)
class Drug:
    """A line of the medication list."""

    drug: str
    dose: str
    status: str
    since: datetime | None
    change: str | None
    ended: bool


@dataclass(frozen=True, slots=True)
class Context:
    """Something that holds for the patient, since when."""

    label: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Score:
    """The newest of a score."""

    label: str
    value: str
    note: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """Readings of a kind."""

    key: str
    label: str
    nothing: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Patient:
    """Everything on the page."""

    person: Person
    place: str | None
    encounter: str | None
    contexts: tuple[Context, ...]
    as_of: datetime | None
    medications: tuple[Drug, ...]
    list_at: datetime
    readings: tuple[Part, ...]
    scores: tuple[Score, ...]
    alerts: tuple[Row, ...]


def patient(desk: Desk, picture: Picture, facility: str, patient_id: str, now: datetime) -> Patient:
    """The patient as known now."""
    found = picture.identity(facility, patient_id, now)
    place = picture.location(facility, patient_id, now)
    listed = picture.medications(facility, patient_id, now)
    return Patient(
        person=person(found, now),
        place=place_of(place),
        encounter=f"Visit {place.encounter_id}" if place and place.encounter_id else None,
        contexts=tuple(
            Context(one.meaning, one.since) for one in picture.contexts(facility, patient_id, now)
        ),
        as_of=min(listed.as_of, now) if listed.as_of else None,
        medications=tuple(drug(one) for one in listed.drugs),
        list_at=listed.listed_at,
        readings=(
            _part("vitals", "Vital signs", picture.vitals(facility, patient_id, now)),
            _part("labs", "Results", picture.labs(facility, patient_id, now)),
        ),
        scores=tuple(score(one) for one in picture.scores(facility, patient_id, now)),
        alerts=_open(desk, found, facility, now),
    )


def person(found: told.Identity, now: datetime) -> Person:
    """Who a patient is, for the head of the page."""
    others = (one for one in found.identifiers if one != found.survivor)
    born = found.birth_date
    return Person(
        name=found.name,
        born=born,
        age=times.spoken_age(born, now.date()) if born else None,
        sex=found.sex,
        identifiers=(f"No. {found.survivor}", *(f"was {one}" for one in others)),
    )


def drug(one: told.Drug) -> Drug:
    """A drug as a prescription says it."""
    dose = _amount(one.dose, one.dose_unit)
    rate = _amount(one.rate, one.rate_unit)
    return Drug(
        drug=one.drug or "drug not known",
        dose=", ".join(filter(None, (dose, rate, one.route))),
        status=naming.plain(one.state),
        since=one.state_since,
        change=_change(one),
        ended=one.change == "ended",
    )


def score(one: told.Scored) -> Score:
    """A score with what it lacks."""
    lacking = ", ".join(readings.not_measured(one.missing))
    reason = naming.plain(one.state_reason).lower() if one.state_reason else None
    notes = (one.variant, reason, f"not measured: {lacking}" if lacking else None)
    at_least = one.state == "partial" and one.observed is not None
    value = "–" if one.observed is None else f"{one.observed:.4g}"  # noqa: RUF001 a dash for none
    return Score(
        label=naming.long(one.score),
        value=f"at least {value}" if at_least else value,
        note=" · ".join(filter(None, notes)),
        at=one.effective_at,
    )


def _part(key: str, label: str, found: Iterable[told.Reading]) -> Part:
    return Part(key, label, "None came.", tuple(_reading(one) for one in found))


def _reading(one: told.Reading) -> Reading:
    return Reading(
        label=naming.short(one.concept),
        value=_value(one),
        unit=naming.unit(one.unit),
        at=one.effective_at,
        stale=one.is_stale,
    )


def _value(one: told.Reading) -> str:
    if one.text:
        return naming.answer(one.concept, one.text)
    return f"{one.comparator or ''} {readings.number(one.value)}".strip()


def _open(desk: Desk, found: told.Identity, facility: str, now: datetime) -> tuple[Row, ...]:
    cases = desk.cases.of_patient(facility, found.identifiers or (found.survivor,))
    return rows_of(desk, [case for case in cases if case.life.is_open], now)


def _change(one: told.Drug) -> str | None:
    if one.change is None:
        return None
    was = [str(one.was[name]) for name in _WAS if one.was.get(name) is not None]
    return f"{_CHANGES[one.change]}; was {', '.join(was)}" if was else _CHANGES[one.change]


def _amount(value: float | None, unit: str | None) -> str:
    return "" if value is None else " ".join(filter(None, (f"{value:g}", naming.unit(unit))))
