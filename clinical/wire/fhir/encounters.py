"""Encounters of FHIR as events of a visit.

Here: the events that a status, its history and the history of places stand for, with their times.
Not here: the visit number (identities.py), the moves of one visit (moves.py), or what followed
from earlier events of the visit.

FHIR sends states, not events: each message about an Encounter yields a row that says what its
status means, and one for each thing that its histories say happened before. The same things are
told again by the next message; a visit's timeline takes them for one (clinical/encounters). An
Encounter that is `partOf` another is a stretch of that one's visit: it moves the patient there and
neither admits nor discharges.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa

from clinical.wire.fhir.codings import answer, answer_of, coding_of, has_code
from clinical.wire.fhir.core import Encounter, Location, Stay
from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.identities import visit_number
from clinical.wire.fhir.moves import Level, Move, Place, Stop, moves
from clinical.wire.fhir.neighbours import visit_of
from clinical.wire.fhir.reasons import Reason
from clinical.wire.fhir.references import MalformedError, label, tail
from clinical.wire.fhir.resources import CodeableConcept, Period
from clinical.wire.fhir.texts import Column, pick

STRING = pa.string()

# https://hl7.org/fhir/R4/valueset-encounter-status.html and R5's; one entered in error never was.
_EVENTS = {
    "planned": "preadmit",
    "arrived": "register",
    "triaged": "register",
    "in-progress": "admit",
    "onleave": "leave",
    "on-hold": "leave",
    "finished": "discharge",
    "discharged": "discharge",
    "completed": "discharge",
    "cancelled": "cancel_admit",
    "entered-in-error": "delete_visit",
}
# What its histories say did not happen either.
_UNDONE = frozenset({"cancel_admit", "delete_visit"})
_BEGINS = frozenset({"preadmit", "register", "admit", "cancel_admit"})

# HL7 v3 ActCode to HL7 table 0004; a class that is not here is kept as sent.
_CLASSES = {"IMP": "I", "ACUTE": "I", "NONAC": "I", "EMER": "E", "AMB": "O", "PRENC": "P"}
# https://hl7.org/fhir/R4/codesystem-location-physical-type.html; all but these are units.
_LEVELS: dict[str, Level] = {"ro": "room", "bd": "bed"}
# Where nobody is yet, or ever was.
_UNTRUE = frozenset({"planned", "reserved"})
_NO_PERIOD, _UNMOVED = Period(), Move()


class _Event(NamedTuple):
    """One thing that happened to a visit, and what told it; `of` is its Encounter.

    When is `at`, else `time` as sent, which is read for all events at once.
    """

    of: int
    event: str
    told_by: str | None
    at: int | None = None
    move: Move = _UNMOVED
    of_class: str | None = None
    time: str | None = None


def read(found: Found[Encounter]) -> Iterator[Rows]:
    """The rows of a batch's Encounters."""
    each = found.resources
    periods = [one.period or one.actual_period or _NO_PERIOD for one in each]
    classes = _classes(found)
    events = [
        event
        for row, (one, period) in enumerate(zip(each, periods, strict=True))
        for event in _events(found, row, one, period)
    ]
    of = [event.of for event in events]
    shared: dict[str, Column] = {
        "encounter_id": [_visit(found, row) for row in range(len(each))],
        "documented_at": found.moments(found.written([None] * len(each))),
        "admitted_at": found.moments([period.start for period in periods]),
        "discharged_at": found.moments([period.end for period in periods]),
        "discharge_disposition": [_disposition(one) for one in each],
        "account_id": [_account(one) for one in each],
    }
    if len(of) != len(each):
        shared = {name: pick(column, of) for name, column in shared.items()}
    yield Rows("encounter_events", {**shared, **_columns(found, events, classes)}, of)


def _happened(found: Found[Encounter], events: Sequence[_Event]) -> Column:
    read = found.moments([event.time for event in events])
    known = [event.at for event in events]
    if not any(at is not None for at in known):
        return read
    if isinstance(read, pa.Array):
        read = read.cast(pa.int64()).to_pylist()
    return [each if at is None else at for at, each in zip(known, read, strict=True)]


def _columns(
    found: Found[Encounter], events: Sequence[_Event], classes: Sequence[str | None]
) -> dict[str, Column]:
    of_class = [event.of_class or classes[event.of] for event in events]
    return {
        "event": [event.event for event in events],
        "trigger": [event.told_by for event in events],
        "event_at": _happened(found, events),
        "patient_class": [_CLASSES.get(told or "", told) for told in of_class],
        "unit": [event.move.to.unit for event in events],
        "room": [event.move.to.room for event in events],
        "bed": [event.move.to.bed for event in events],
        "prior_unit": [event.move.before.unit for event in events],
        "prior_room": [event.move.before.room for event in events],
        "prior_bed": [event.move.before.bed for event in events],
    }


def _events(found: Found[Encounter], row: int, one: Encounter, period: Period) -> list[_Event]:
    event = _EVENTS.get(one.status or "", "update")
    time = _time(event, period)
    if event in _UNDONE:
        return [_Event(row, event, one.status, time=time)]
    if not (one.status_history or one.class_history or one.part_of) and (
        (here := _here(found, row, one.location or ())) is not None
    ):
        return [_Event(row, event, one.status, None, here, time=time)]
    path = moves(_stops(found, row, one.location or ())) if one.location else []
    last = path[-1] if path else _UNMOVED
    dated = last.at is not None
    if one.part_of:
        begun = found.instant(period.start)
        return [_Event(row, "transfer", one.status, move.at or begun, move) for move in path] or [
            _Event(row, "update", one.status)
        ]
    told = _history(found, row, one, event)
    if dated:
        told += _moved(row, one, event, path)
    if not (dated and event == "admit") and not (event == "leave" and _told(told, "leave")):
        told.append(_Event(row, event, one.status, None, last, time=time))
    return told


def _here(found: Found[Encounter], row: int, stays: Sequence[Stay]) -> Move | None:
    """The place of a visit of which one unit or none is told; None where there is more to tell."""
    if not stays:
        return _UNMOVED
    stay = stays[0]
    more = stay.period or stay.physical_type or stay.form or stay.status in _UNTRUE
    return None if len(stays) > 1 or more or found.has_more(row) else _in_unit(bytes(stay.location))


@lru_cache(maxsize=4096)
def _in_unit(location: bytes) -> Move:
    return Move(Place(label(location)))


def _time(event: str, period: Period) -> str | None:
    """When what a status stands for happened."""
    if event in _BEGINS:
        return period.start
    return period.end if event == "discharge" else None


def _told(events: Sequence[_Event], event: str) -> bool:
    return any(each.event == event for each in events)


def _moved(row: int, one: Encounter, event: str, path: Sequence[Move]) -> list[_Event]:
    """The first place is where the visit began, each later one a transfer."""
    first = event if event in {"preadmit", "register"} else "admit"
    arrival = _Event(row, first, one.status, path[0].at, path[0])
    later = [_Event(row, "transfer", "location", move.at, move) for move in path[1:]]
    return later if first == event != "admit" else [arrival, *later]


def _history(found: Found[Encounter], row: int, one: Encounter, current: str) -> list[_Event]:
    """What statusHistory and classHistory say."""
    told: list[_Event] = []
    for entry in one.status_history or ():
        event, period = _EVENTS.get(entry.status or ""), entry.period or _NO_PERIOD
        at, until = found.instant(period.start), found.instant(period.end)
        if event in {"preadmit", "register", "admit"} and event != current and at is not None:
            told.append(_Event(row, event, entry.status, at))
        elif event == "leave" and at is not None:
            told.append(_Event(row, event, entry.status, at))
            if until is not None:
                told.append(_Event(row, "return", entry.status, until))
    for change in (one.class_history or ())[1:]:
        at = found.instant(change.period.start if change.period else None)
        of_class = _class(bytes(change.class_))
        if at is not None and of_class and of_class[0]:
            told.append(_Event(row, "class_change", "class", at, of_class=of_class[0]))
    return told


def _stops(found: Found[Encounter], row: int, stays: Sequence[Stay]) -> list[Stop]:
    """The places of an Encounter; what a Location of the same message says of itself counts."""
    stops: list[Stop] = []
    for stay in stays:
        if stay.status in _UNTRUE:
            continue
        kind, name = stay.physical_type or stay.form, label(bytes(stay.location))
        if kind is None and found.has_more(row):
            place = found.resource_at(stay.location, row)
            if isinstance(place, Location):
                kind, name = place.physical_type or place.form, place.name or name
        begin = end = None
        if stay.period is not None:
            begin, end = found.instant(stay.period.start), found.instant(stay.period.end)
        stops.append(Stop(name, _level(kind), stay.status, begin, end))
    return stops


def _level(kind: CodeableConcept | None) -> Level:
    if kind is None:
        return "unit"
    return next((level for code, level in _LEVELS.items() if has_code(kind, (code,))), "unit")


def _classes(found: Found[Encounter]) -> list[str | None]:
    told = [_class(bytes(one.class_)) if one.class_ else (None,) for one in found.resources]
    for row, code in enumerate(told):
        if code is None:
            found.refuse(row, Reason.WRONG_SHAPE)
    return [code[0] if code else None for code in told]


def _account(one: Encounter) -> str | None:
    """The number of the first account, else its id."""
    account = next(filter(None, one.account or ()), None)
    if account is None:
        return None
    return (account.identifier and account.identifier.value) or tail(account.reference)


def _visit(found: Found[Encounter], row: int) -> str | None:
    """The number of the visit, or of the visit that this one is part of."""
    one, url = found.resources[row], found.group.urls[row]
    context = found.group.contexts[row]
    if one.part_of and isinstance(whole := visit_of(bytes(one.part_of), context.known), str):
        return whole
    try:
        return visit_number(one, url, alone=context.alone)
    except MalformedError:
        found.refuse(row, Reason.WRONG_SHAPE)
        return None


def _class(text: bytes) -> tuple[str | None] | None:
    """R4 says it as a Coding, R5 as a list of concepts; None where it is neither."""
    return coding_of(text) or answer_of(text)


def _disposition(one: Encounter) -> str | None:
    ended = one.hospitalization or one.admission
    return answer(ended.discharge_disposition) if ended else None


def moments(one: Encounter) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    period = one.period or one.actual_period
    if period is not None:
        yield from (period.start, period.end)
