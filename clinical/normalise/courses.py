"""When a course of a class of drugs began, as orders and doses tell it.

Here: the signals of the classes of `clinical/medications.csv`, through hold, release and stop. Not
here: how fast an infusion runs (infusions.py), or what is in force (lakehouse/medications.py).

An order, a change, a dispense or a dose says that a course began when it starts; the later word of
an order replaces the earlier. A cancelled order never was. A stop, a hold, a completion or a dose
that was not given neither starts a course nor unsays that one was started; a hold before the start
does unsay it, until release. A release begins again what was held. What the patient says to take
begins nothing. A FHIR request is one state of a resource, so that its end tells of its start too.
A dose or dispense with an identity of its own says so beside its order, and deleting it takes back
no more than it said itself.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.normalise.distinct import distinct, flags, flat, valid
from clinical.normalise.medications import MEDICATION_CLASSES
from clinical.normalise.signal_rows import (
    as_signals,
    dated,
    identity,
    ones,
    only,
    order_identity,
    texts_of,
    time_text,
    with_bare,
)
from clinical.normalise.written import is_dose

READ = (
    *("concept", "code", "code_text", "order_id", "event_id", "event"),
    *("started_at", "documented_at"),
)
STARTS = frozenset({"ordered", "changed", "dispensed", "administered"})
ENDS, ENDED_REQUESTS = frozenset({"completed", "discontinued"}), frozenset({"completed", "stopped"})
_CANCELLED, _HELD, _RESUMED = frozenset({"cancelled"}), frozenset({"held"}), frozenset({"resumed"})

Flags = NDArray[np.bool_]


def course_signals(rows: pa.Table) -> list[pa.Table]:
    """That courses of classes of drugs began, or never did."""
    rows = with_bare(rows, _are(rows, _CANCELLED), MEDICATION_CLASSES)
    event, known = distinct(flat(rows["event"])), valid(flat(rows["concept"]))
    if not known.any():
        return []
    void = event.are(_CANCELLED)
    starts = void | event.are(STARTS)
    ends, held, resumed = event.are(ENDS), event.are(_HELD), event.are(_RESUMED)
    if ends.any():
        starts |= ends & distinct(flat(rows["order_status"])).are(ENDED_REQUESTS)
    if held.any():
        ahead = held & _is_ahead(rows)
        starts, void = starts | ahead, void | ahead
    return [*_started(rows, known & starts, void), *_resumed(rows, known & resumed)]


def _are(rows: pa.Table, events: frozenset[str]) -> Flags:
    return distinct(flat(rows["event"])).are(events)


def _is_ahead(rows: pa.Table) -> Flags:
    """Where the start was still to come when the row was written."""
    later = pc.greater(flat(rows["started_at"]), flat(rows["documented_at"]))
    ahead: Flags = flags(later.fill_null(False))
    return ahead


def _started(rows: pa.Table, chosen: Flags, void: Flags) -> Iterable[pa.Table]:
    if not chosen.any():
        return
    rows, gone = only(rows, chosen, READ), pa.array(void[chosen])
    rows = dated(rows, "started_at", gone)
    yield as_signals(rows, "started_at", ones(rows), gone, _whose(rows))


def _whose(rows: pa.Table) -> pa.Array:
    """The order's identity, or that of the dose: senders number doses anew with each message."""
    order, own = order_identity("medication:", rows), is_dose(rows)
    if not own.any():
        return order
    [number] = texts_of(rows, "event_id")
    dose = identity("dose:", order, number, time_text(rows["started_at"]))
    return pc.if_else(pa.array(own), dose, order)


def _resumed(rows: pa.Table, chosen: Flags) -> Iterable[pa.Table]:
    """Courses that a release begins again: beside the first start, not in its place."""
    if not chosen.any():
        return
    rows = only(rows, chosen, READ)
    at = rows.schema.get_field_index("started_at")
    start, written = flat(rows["started_at"]), flat(rows["documented_at"])
    again = pc.if_else(pc.greater(start, written), start, written)
    rows = rows.set_column(at, "started_at", pc.coalesce(again, written, start))
    whose = identity("resumed:", order_identity("", rows), time_text(rows["started_at"]))
    void = pa.array(np.zeros(len(rows), np.bool_))
    yield as_signals(rows, "started_at", ones(rows), void, whose)
