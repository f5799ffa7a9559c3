"""Encounters of FHIR as events of a visit.

Here: the columns of the events of many visits. Not here: what one Encounter says happened
(visit_events.py), the visit number (identities.py), or what followed from earlier events.

FHIR sends states, not events: each message about an Encounter yields a row that says what its
status means, and one for each thing that its histories say happened before. The same things are
told again by the next message; a visit's timeline takes them for one (clinical/encounters). An
Encounter that is `partOf` another is a stretch of that one's visit: it moves the patient there and
neither admits nor discharges.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from clinical.wire.fhir.codings import answer
from clinical.wire.fhir.core import Encounter
from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.identities import visit_number
from clinical.wire.fhir.neighbours import visit_of
from clinical.wire.fhir.reasons import Reason
from clinical.wire.fhir.references import MalformedError, tail
from clinical.wire.fhir.texts import Column, pick
from clinical.wire.fhir.visit_events import NO_PERIOD, Event, class_of, events_of

STRING = pa.string()

# HL7 v3 ActCode to HL7 table 0004; a class that is not here is kept as sent.
_CLASSES = {"IMP": "I", "ACUTE": "I", "NONAC": "I", "EMER": "E", "AMB": "O", "PRENC": "P"}


def read(found: Found[Encounter]) -> Iterator[Rows]:
    """The rows of a batch's Encounters."""
    each = found.resources
    periods = [one.period or one.actual_period or NO_PERIOD for one in each]
    classes = _classes(found)
    events = [
        event
        for row, (one, period) in enumerate(zip(each, periods, strict=True))
        for event in events_of(found, row, one, period)
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


def _happened(found: Found[Encounter], events: Sequence[Event]) -> Column:
    read = found.moments([event.time for event in events])
    known = [event.at for event in events]
    if not any(at is not None for at in known):
        return read
    if isinstance(read, pa.Array):
        read = read.cast(pa.int64()).to_pylist()
    return [each if at is None else at for at, each in zip(known, read, strict=True)]


def _columns(
    found: Found[Encounter], events: Sequence[Event], classes: Sequence[str | None]
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


def _classes(found: Found[Encounter]) -> list[str | None]:
    told = [class_of(bytes(one.class_)) if one.class_ else (None,) for one in found.resources]
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


def _disposition(one: Encounter) -> str | None:
    ended = one.hospitalization or one.admission
    return answer(ended.discharge_disposition) if ended else None


def moments(one: Encounter) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    period = one.period or one.actual_period
    if period is not None:
        yield from (period.start, period.end)
