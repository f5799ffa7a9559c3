"""Encounters of FHIR as events of a visit.

Here: the event a status stands for, its times and its place. Not here: the visit number
(references.py), or what followed from earlier events of the visit.

FHIR sends states, not events: each message about an Encounter yields one row that says what its
status means, with the whole period beside it.
"""

from collections.abc import Sequence

import pyarrow as pa

from clinical.wire.decoded import filled
from clinical.wire.fhir.codings import answer, has_code
from clinical.wire.fhir.messages import Entered
from clinical.wire.fhir.references import Index, label, subject_of, visit_number
from clinical.wire.fhir.resources import Encounter, Period, Stay
from clinical.wire.fhir.times import instants

Row = tuple[object, ...]

# A row stands in the contract's order.
_LAYOUT = (
    *("message", "facility", "patient_id", "encounter_id", "event", "trigger", "event_at"),
    *("documented_at", "patient_class", "unit", "room", "bed", "prior_unit", "admitted_at"),
    *("discharged_at", "discharge_disposition"),
)

# https://hl7.org/fhir/R4/valueset-encounter-status.html; an Encounter entered in error never
# was an admission.
_EVENTS = {
    "planned": "register",
    "arrived": "register",
    "triaged": "register",
    "in-progress": "admit",
    "onleave": "update",
    "finished": "discharge",
    "cancelled": "cancel_admit",
    "entered-in-error": "cancel_admit",
}

# HL7 v3 ActCode to HL7 table 0004; a class that is not here is kept as sent.
_CLASSES = {
    "IMP": "I",
    "ACUTE": "I",
    "NONAC": "I",
    "EMER": "E",
    "AMB": "O",
    "PRENC": "P",
}

# https://hl7.org/fhir/R4/codesystem-location-physical-type.html
_ROOM, _BED = "ro", "bd"


def rows(
    message: int, entered: Entered, resource: Encounter, known: Index, sent: str | None
) -> list[Row]:
    """The row of one Encounter, times still as text; none when its subject is a group.

    Raises:
        DecodeError: no_patient.
    """
    who = subject_of(resource.subject, resource.contained, known)
    if who is None:
        return []
    status = resource.status or ""
    event = _EVENTS.get(status, "update")
    period = resource.period or Period()
    updated = resource.meta.last_updated if resource.meta else None
    happened = {"admit": period.start, "register": period.start, "discharge": period.end}
    visit = visit_number(resource, entered.full_url, alone=entered.alone)
    row = (
        message, *who, visit, event, status or None, happened.get(event), sent or updated,
        _class(resource), *_places(resource.location or ()), period.start, period.end,
        _disposition(resource),
    )  # fmt: skip
    return [row]


def table(found: Sequence[Row], zone: str) -> pa.Table:
    """Rows as the table of the contract."""
    columns = dict(zip(_LAYOUT, zip(*found, strict=True), strict=True))
    times = ("event_at", "documented_at", "admitted_at", "discharged_at")
    read = {name: instants(columns[name], zone) for name in times}
    return filled("encounter_events", {**columns, **read}, len(found))


def _class(resource: Encounter) -> str | None:
    code = resource.class_.code if resource.class_ else None
    return _CLASSES.get(code, code) if code else None


def _places(stays: Sequence[Stay]) -> Row:
    """Unit, room and bed of the current stay, and the unit before it."""
    past = [stay for stay in stays if stay.status == "completed"]
    current = [stay for stay in stays if stay.status not in {"completed", "planned", "reserved"}]
    if not current:
        past, current = past[:-1], past[-1:]
    return (_last(current, None), _last(current, _ROOM), _last(current, _BED), _last(past, None))


def _last(stays: Sequence[Stay], kind: str | None) -> str | None:
    """The place of the last stay of a physical type; None stands for all but rooms and beds."""
    found = [stay for stay in stays if _kind(stay) == kind]
    return label(found[-1].location) if found else None


def _kind(stay: Stay) -> str | None:
    return next((kind for kind in (_ROOM, _BED) if has_code(stay.physical_type, kind)), None)


def _disposition(resource: Encounter) -> str | None:
    return (
        answer(resource.hospitalization.discharge_disposition) if resource.hospitalization else None
    )
