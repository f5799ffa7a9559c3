"""Drugs ordered, given, handed out and said to be taken, as rows of medications.

Here: the event that each resource stands for, and its times. Not here: shapes and codes (drugs.py),
doses (dosages.py), or what class a drug is of (clinical/normalise).

FHIR sends states, not events: a request that is over tells of its order and of its end. What was
given or handed out under a request stands under the request's number, with its own as `event_id`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.fhir.dosages import NO_DOSE, Taken, dose_of, given, planned, route_of
from clinical.wire.fhir.drugs import (
    D,
    Immunization,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
    drugs,
)
from clinical.wire.fhir.found import Codes, Found, R, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.resources import NOTHING, Period
from clinical.wire.fhir.states import ENTERED_IN_ERROR, statuses
from clinical.wire.fhir.texts import Column, array, meanings

STRING, DOUBLE, UTC = pa.string(), pa.float64(), pa.timestamp("us", tz="UTC")
_NO_PERIOD = Period()
# A state that is not known, or not here, is only stated: it neither starts nor ends anything.
_STATED = "stated"
# https://hl7.org/fhir/R4/valueset-medicationrequest-status.html; R5 says `ended`. A draft was never
# ordered.
_REQUESTS = {
    "active": "ordered",
    "on-hold": "held",
    "stopped": "discontinued",
    "completed": "completed",
    "ended": "completed",
    "cancelled": "cancelled",
    "draft": "cancelled",
    ENTERED_IN_ERROR: "cancelled",
}
_OVER = frozenset({"discontinued", "completed"})
# https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html: these order nothing.
_UNORDERED = frozenset({"proposal", "plan", "option"})
# https://hl7.org/fhir/R4/valueset-medication-admin-status.html; one that was stopped was given
# until then.
_ADMINISTRATIONS = {
    "in-progress": "administered",
    "completed": "administered",
    "stopped": "administered",
    "on-hold": "held",
    "not-done": "not_given",
    ENTERED_IN_ERROR: "cancelled",
}
# https://hl7.org/fhir/R4/valueset-medicationdispense-status.html
_DISPENSES = {
    "in-progress": "dispensed",
    "completed": "dispensed",
    "cancelled": "cancelled",
    "declined": "cancelled",
    "stopped": "cancelled",
    ENTERED_IN_ERROR: "cancelled",
}
# https://hl7.org/fhir/R4/valueset-medication-statement-status.html
_STATEMENTS = {"not-taken": "not_given", ENTERED_IN_ERROR: "cancelled"}


@dataclass(frozen=True, slots=True)
class _Told:
    """What resources of one type say, one item of each; times as text."""

    events: Sequence[str]
    statuses: Sequence[str | None]
    taken: Sequence[Taken]
    begins: Sequence[str | None]
    ends: Sequence[str | None]
    written: Sequence[str | None]


def read_requests(found: Found[MedicationRequest]) -> Iterator[Rows]:
    """The rows of a batch's MedicationRequests: of one that is over, its order and its end."""
    each, told = found.resources, statuses(found)
    taken = planned(found, [one.dosage_instruction for one in each])
    begins = [dose.begins or one.authored_on for one, dose in zip(each, taken, strict=True)]
    events = _requested(each, told)
    said = _Told(
        events, told, taken, begins, [d.ends for d in taken], [o.authored_on for o in each]
    )
    own = array(found.own_column(), STRING)
    replaced = pa.array(found.named([one.prior_prescription for one in each]), STRING)
    columns = {"order_id": own, "replaces_id": replaced, **_columns(found, said, drugs(found))}
    yield _with_ends(found, events, columns)
    yield from annotations(found, "medication_events", own, [one.note for one in each])


def _requested(each: Sequence[MedicationRequest], told: Sequence[str | None]) -> list[str]:
    events = meanings(told, lambda status: _REQUESTS.get(status or "", _STATED))
    for row, one in enumerate(each):
        if (one.do_not_perform or one.intent in _UNORDERED) and events[row] != "cancelled":
            events[row] = "not_given" if one.do_not_perform else _STATED
    return events


def _with_ends(
    found: Found[MedicationRequest], events: Sequence[str], columns: Mapping[str, pa.Array]
) -> Rows:
    """The rows, with the order before each end."""
    over = np.array([event in _OVER for event in events], np.bool_)
    if not over.any():
        return Rows("medication_events", columns)
    of = np.repeat(np.arange(len(events)), 1 + over)
    is_last = np.append(of[1:] != of[:-1], True)
    is_order, is_end = (pa.array(over[of] & rows) for rows in (~is_last, is_last))
    spread = {name: column.take(pa.array(of)) for name, column in columns.items()}
    learnt = found.documented([None] * len(events)).take(pa.array(of))
    return Rows(
        "medication_events",
        {
            **spread,
            "event": pc.if_else(is_order, "ordered", spread["event"]),
            "order_status": pc.if_else(is_order, pa.scalar(None, STRING), spread["order_status"]),
            # When it was ordered is no time at which its end was written down.
            "documented_at": pc.if_else(is_end, learnt, spread["documented_at"]),
        },
        of,
    )


def read_administrations(found: Found[MedicationAdministration]) -> Iterator[Rows]:
    """The rows of a batch's MedicationAdministrations."""
    each = found.resources
    periods = [one.effective_period or one.occurence_period or _NO_PERIOD for one in each]
    said = _said(
        found,
        _ADMINISTRATIONS,
        [given(one.dosage) for one in each],
        ([one.effective_date_time or one.occurence_date_time for one in each], periods),
        [one.recorded for one in each],
    )
    yield from _under(found, said, found.named([one.request for one in each]))


def read_dispenses(found: Found[MedicationDispense]) -> Iterator[Rows]:
    """The rows of a batch's MedicationDispenses."""
    each = found.resources
    taken = planned(found, [one.dosage_instruction for one in each])
    handed = [one.when_handed_over or one.when_prepared for one in each]
    said = _said(found, _DISPENSES, taken, (handed, [_NO_PERIOD] * len(each)), handed)
    orders = [one.authorizing_prescription or (NOTHING,) for one in each]
    yield from _under(found, said, found.named([told[0] for told in orders]))


def read_statements(found: Found[MedicationStatement]) -> Iterator[Rows]:
    """The rows of a batch's MedicationStatements: each under its own number."""
    each = found.resources
    said = _said(
        found,
        _STATEMENTS,
        planned(found, [one.dosage for one in each]),
        (
            [one.effective_date_time for one in each],
            [one.effective_period or _NO_PERIOD for one in each],
        ),
        [one.date_asserted for one in each],
    )
    yield from _under(found, said, [None] * len(each))


def read_immunizations(found: Found[Immunization]) -> Iterator[Rows]:
    """The rows of a batch's Immunizations: each under its own number."""
    each = found.resources
    said = _said(
        found,
        _ADMINISTRATIONS,
        [_injected(one) if one.route or one.dose_quantity else NO_DOSE for one in each],
        ([one.occurrence_date_time for one in each], [_NO_PERIOD] * len(each)),
        [one.recorded for one in each],
    )
    own = found.own_column()
    code = found.codes([one.vaccine_code for one in each])
    columns = {"order_id": own, "event_id": own, **_columns(found, said, code)}
    yield Rows("medication_events", columns)
    yield from annotations(found, "medication_events", own, [one.note for one in each])


def _injected(one: Immunization) -> Taken:
    return Taken(route_of(one.route), dose_of(one.dose_quantity))


def _said(
    found: Found[R],
    events: Mapping[str, str],
    taken: Sequence[Taken],
    when: tuple[Sequence[str | None], Sequence[Period]],
    written: Sequence[str | None],
) -> _Told:
    told, (at, periods) = statuses(found), when
    rows = zip(at, periods, taken, strict=True)
    begins = [moment or period.start or dose.begins for moment, period, dose in rows]
    ends = [period.end or dose.ends for period, dose in zip(periods, taken, strict=True)]
    named = meanings(told, lambda status: events.get(status or "", _STATED))
    return _Told(named, told, taken, begins, ends, written)


def _under(found: Found[D], said: _Told, orders: Sequence[str | None]) -> Iterator[Rows]:
    """Rows of what stands under an order, or under its own number where it names none."""
    own = found.own_column()
    columns = {
        "order_id": _or_own(orders, own),
        "event_id": own,
        **_columns(found, said, drugs(found)),
    }
    yield Rows("medication_events", columns)
    notes = [one.note for one in found.resources]
    yield from annotations(found, "medication_events", own, notes)


def _or_own(orders: Sequence[str | None], own: Column) -> Column:
    if not any(orders):
        return own
    if isinstance(own, pa.Array):
        named = pa.array([order or None for order in orders], STRING)
        return pc.coalesce(named, own)
    return [order or mine for order, mine in zip(orders, own, strict=True)]


def _columns(found: Found[R], said: _Told, code: Codes) -> dict[str, pa.Array]:
    begins = _began(found, said)
    return {
        "event": pa.array(said.events, STRING),
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        **_doses(said.taken),
        "started_at": begins,
        "ended_at": _ended(found, said, begins),
        "documented_at": found.documented(said.written),
        "order_status": pa.array(said.statuses, STRING),
    }


def _began(found: Found[R], said: _Told) -> pa.TimestampArray:
    """When each began; what is only stated dates no signal, so that a month or a year will do."""
    exact = array(found.dated(said.begins), UTC)
    if _STATED not in said.events:
        return exact
    stated = pa.array([event == _STATED for event in said.events])
    return pc.if_else(stated, found.instants(said.begins), exact)


def _doses(taken: Sequence[Taken]) -> dict[str, pa.Array]:
    """Columns of how much and how fast; none where nobody says."""
    if all([dose is NO_DOSE for dose in taken]):  # noqa: C419 - a list is asked faster
        return {}
    return {
        "route": pa.array([dose.route for dose in taken], STRING),
        "dose": pa.array([dose.dose.number for dose in taken], DOUBLE),
        "dose_unit": pa.array([dose.dose.unit for dose in taken], STRING),
        "rate": pa.array([dose.rate.number for dose in taken], DOUBLE),
        "rate_unit": pa.array([dose.rate.unit for dose in taken], STRING),
    }


def _ended(found: Found[R], said: _Told, begins: pa.Array) -> pa.Array:
    """When each ended: as it says, else as long after its begin as it says it lasts."""
    ends = found.instants(said.ends)
    lasting = [dose.lasts for dose in said.taken]
    if set(lasting) == {None}:
        return ends
    later = pc.add(begins.cast(pa.int64()), pa.array(lasting, pa.int64())).cast(UTC)
    return pc.coalesce(ends, later)


def moments(
    one: MedicationRequest
    | MedicationAdministration
    | MedicationDispense
    | MedicationStatement
    | Immunization,
) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    if isinstance(one, MedicationRequest):
        yield one.authored_on
    elif isinstance(one, MedicationDispense):
        yield from (one.when_prepared, one.when_handed_over)
    elif isinstance(one, Immunization):
        yield from (one.recorded, one.occurrence_date_time)
    elif isinstance(one, MedicationStatement):
        yield from (one.date_asserted, one.effective_date_time)
    else:
        period = one.effective_period or one.occurence_period or _NO_PERIOD
        yield from (one.recorded, one.effective_date_time, period.start, period.end)
