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

import numpy as np
import pyarrow as pa

from clinical.wire.fhir.codings import answer
from clinical.wire.fhir.core import Encounter
from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.identities import visit_number
from clinical.wire.fhir.neighbours import visit_of
from clinical.wire.fhir.reasons import Reason
from clinical.wire.fhir.references import MalformedError, tail
from clinical.wire.fhir.resources import NOTHING, Period
from clinical.wire.fhir.texts import Column, distinct, extended, looked_up, nothing, pick
from clinical.wire.fhir.texts import Rows as Positions
from clinical.wire.fhir.visit_events import (
    NO_PERIOD,
    UNDONE,
    Event,
    class_of,
    event_of,
    events_of,
    says_more,
    time_of,
)

STRING = pa.string()

# HL7 v3 ActCode to HL7 table 0004; a class that is not here is kept as sent.
_CLASSES = {"IMP": "I", "ACUTE": "I", "NONAC": "I", "EMER": "E", "AMB": "O", "PRENC": "P"}


def read(found: Found[Encounter]) -> Iterator[Rows]:
    """The rows of a batch's Encounters."""
    each = found.resources
    periods = [one.period or one.actual_period or NO_PERIOD for one in each]
    shared, states = _shared(found, periods), _states(found, periods)
    rest = [row for row, one in enumerate(each) if says_more(found, row, one)]
    if not rest:
        yield Rows("encounter_events", {**shared, **states})
        return
    events = [event for row in rest for event in events_of(found, row, each[row], periods[row])]
    of, at = _places(len(each), rest, events)
    shared = {name: pick(column, of) for name, column in shared.items()}
    told = _columns(found, events)
    rows = {name: pick(extended(states[name], told.pop(name)), at) for name in states}
    blank = [None] * len(each)
    rows |= {name: pick([*blank, *column], at) for name, column in told.items()}
    yield Rows("encounter_events", {**shared, **rows}, of)


def _places(
    count: int, rest: Sequence[int], events: Sequence[Event]
) -> tuple[Positions, Positions]:
    """Whose each row is, and where it stands: among the states, or behind them among the events."""
    plain = np.setdiff1d(np.arange(count), rest, assume_unique=True)
    of = np.concatenate([plain, np.array([event.of for event in events], np.int64)])
    at = np.concatenate([plain, count + np.arange(len(events))])
    order = np.argsort(of, kind="stable")
    return of[order], at[order]


def _shared(found: Found[Encounter], periods: Sequence[Period]) -> dict[str, Column]:
    """What all events of an Encounter share."""
    each = found.resources
    return {
        "encounter_id": _numbers(found),
        "documented_at": found.moments(found.written([None] * len(each))),
        "admitted_at": found.moments([period.start for period in periods]),
        "discharged_at": found.moments([period.end for period in periods]),
        "discharge_disposition": _dispositions(each),
        "account_id": _accounts(each),
    }


def _states(found: Found[Encounter], periods: Sequence[Period]) -> dict[str, Column]:
    """Of each Encounter the event that its status stands for, and the unit."""
    told = [one.status for one in found.resources]
    events = {status: event_of(status) for status in set(told)}
    places = [
        one.location[0].location if one.location and events[one.status] not in UNDONE else NOTHING
        for one in found.resources
    ]
    times = [time_of(events[status], of) for status, of in zip(told, periods, strict=True)]
    return {
        "event": looked_up(told, event_of),
        "trigger": told,
        "event_at": found.moments(times),
        "patient_class": _classes(found),
        "unit": found.labelled(places),
    }


def _columns(found: Found[Encounter], events: Sequence[Event]) -> dict[str, Sequence[object]]:
    """The same columns of events, and those that only they have."""
    own = [found.resources[event.of].class_ for event in events]
    read = found.moments([event.time for event in events])
    times = read.cast(pa.int64()).to_pylist() if isinstance(read, pa.Array) else read
    return {
        "event": [event.event for event in events],
        "trigger": [event.told_by for event in events],
        "event_at": [
            time if event.at is None else event.at
            for event, time in zip(events, times, strict=True)
        ],
        "patient_class": [
            _CLASSES.get(event.of_class, event.of_class) if event.of_class else _class(bytes(raw))
            for event, raw in zip(events, own, strict=True)
        ],
        "unit": [event.move.to.unit for event in events],
        "room": [event.move.to.room for event in events],
        "bed": [event.move.to.bed for event in events],
        "prior_unit": [event.move.before.unit for event in events],
        "prior_room": [event.move.before.room for event in events],
        "prior_bed": [event.move.before.bed for event in events],
    }


def _classes(found: Found[Encounter]) -> Column:
    each = distinct([one.class_ for one in found.resources])
    bad = [bool(text) and class_of(text) is None for text in each.texts]
    if any(bad):
        for row in each.rows_of(bad):
            found.refuse(row, Reason.WRONG_SHAPE)
    return each.spread([_class(text) for text in each.texts], STRING)


def _class(text: bytes) -> str | None:
    code = class_of(text) if text else None
    return _CLASSES.get(code[0] or "", code[0]) if code else None


def _accounts(each: Sequence[Encounter]) -> Column:
    if not any(one.account for one in each):
        return nothing(len(each))
    return [_account(one) for one in each]


def _account(one: Encounter) -> str | None:
    """The number of the first account, else its id."""
    account = next(filter(None, one.account or ()), None)
    if account is None:
        return None
    return (account.identifier and account.identifier.value) or tail(account.reference)


def _numbers(found: Found[Encounter]) -> list[str | None]:
    """The number of each visit, or of the visit that it is part of."""
    each = found.resources
    if not found.group.outside:
        return [_visit(found, row) for row in range(len(each))]
    own = [None if one.part_of else one.id for one in each]
    return [number or _visit(found, row) for row, number in enumerate(own)]


def _visit(found: Found[Encounter], row: int) -> str | None:
    one, url = found.resources[row], found.group.urls[row]
    context = found.group.contexts[row]
    if one.part_of and isinstance(whole := visit_of(bytes(one.part_of), context.known), str):
        return whole
    try:
        return visit_number(one, url, alone=context.alone)
    except MalformedError:
        found.refuse(row, Reason.WRONG_SHAPE)
        return None


def _dispositions(each: Sequence[Encounter]) -> Column:
    ended = [one.hospitalization or one.admission for one in each]
    if not any(ended):
        return nothing(len(each))
    return [answer(end.discharge_disposition) if end else None for end in ended]


def moments(one: Encounter) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    period = one.period or one.actual_period
    if period is not None:
        yield from (period.start, period.end)
