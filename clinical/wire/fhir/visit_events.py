"""What an Encounter of FHIR says happened to a visit.

Here: the events that its status, the histories of status and class, and its places stand for. Not
here: their columns (encounters.py), or where a patient was from each place on (moves.py).
"""

from collections.abc import Sequence
from typing import NamedTuple

from clinical.wire.fhir.codings import answer_of, coding_of, has_code
from clinical.wire.fhir.core import Encounter, Location, Stay
from clinical.wire.fhir.found import Found
from clinical.wire.fhir.moves import Level, Move, Stop, moves
from clinical.wire.fhir.references import label
from clinical.wire.fhir.resources import CodeableConcept, Period

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
UNDONE = frozenset({"cancel_admit", "delete_visit"})
_BEGINS = frozenset({"preadmit", "register", "admit", "cancel_admit"})

# https://hl7.org/fhir/R4/codesystem-location-physical-type.html; all but these are units.
_LEVELS: dict[str, Level] = {"ro": "room", "bd": "bed"}
# Where nobody is yet, or ever was.
_UNTRUE = frozenset({"planned", "reserved"})
NO_PERIOD, _UNMOVED = Period(), Move()


class Event(NamedTuple):
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


def events_of(found: Found[Encounter], row: int, one: Encounter, period: Period) -> list[Event]:
    """What one Encounter says happened; `period` is that of the whole visit."""
    event = event_of(one.status)
    time = time_of(event, period)
    if event in UNDONE:
        return [Event(row, event, one.status, time=time)]
    path = moves(_stops(found, row, one.location or ())) if one.location else []
    last = path[-1] if path else _UNMOVED
    dated = last.at is not None
    if one.part_of:
        begun = found.instant(period.start)
        return [Event(row, "transfer", one.status, move.at or begun, move) for move in path] or [
            Event(row, "update", one.status)
        ]
    told = _history(found, row, one, event)
    if dated:
        told += _moved(row, one, event, path)
    if not (dated and event == "admit") and not (event == "leave" and _told(told, "leave")):
        told.append(Event(row, event, one.status, None, last, time=time))
    return told


def says_more(found: Found[Encounter], row: int, one: Encounter) -> bool:
    """Whether an Encounter tells more than one event in one unit: all but a few tell just that."""
    if one.status_history or one.class_history or one.part_of:
        return True
    if not one.location:
        return False
    stay = one.location[0]
    more = stay.period or stay.physical_type or stay.form or stay.status in _UNTRUE
    return bool(more) or len(one.location) > 1 or found.has_more(row)


def event_of(status: str | None) -> str:
    """What a status stands for."""
    return _EVENTS.get(status or "", "update")


def time_of(event: str, period: Period) -> str | None:
    """When what a status stands for happened."""
    if event in _BEGINS:
        return period.start
    return period.end if event == "discharge" else None


def _told(events: Sequence[Event], event: str) -> bool:
    return any(each.event == event for each in events)


def _moved(row: int, one: Encounter, event: str, path: Sequence[Move]) -> list[Event]:
    """The first place is where the visit began, each later one a transfer."""
    first = event if event in {"preadmit", "register"} else "admit"
    arrival = Event(row, first, one.status, path[0].at, path[0])
    later = [Event(row, "transfer", "location", move.at, move) for move in path[1:]]
    return later if first == event != "admit" else [arrival, *later]


def _history(found: Found[Encounter], row: int, one: Encounter, current: str) -> list[Event]:
    """What statusHistory and classHistory say."""
    told: list[Event] = []
    for entry in one.status_history or ():
        event, period = _EVENTS.get(entry.status or ""), entry.period or NO_PERIOD
        at, until = found.instant(period.start), found.instant(period.end)
        if event in {"preadmit", "register", "admit"} and event != current and at is not None:
            told.append(Event(row, event, entry.status, at))
        elif event == "leave" and at is not None:
            told.append(Event(row, event, entry.status, at))
            if until is not None:
                told.append(Event(row, "return", entry.status, until))
    for change in (one.class_history or ())[1:]:
        at = found.instant(change.period.start if change.period else None)
        of_class = class_of(bytes(change.class_))
        if at is not None and of_class and of_class[0]:
            told.append(Event(row, "class_change", "class", at, of_class=of_class[0]))
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


def class_of(text: bytes) -> tuple[str | None] | None:
    """R4 says it as a Coding, R5 as a list of concepts; None where it is neither."""
    return coding_of(text) or answer_of(text)
