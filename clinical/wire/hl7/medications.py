"""Medications: drugs ordered, changed, given, not given and stopped.

Here: RXO, RXE, RXA, RXG and RXD with their ORC, TQ1 and RXR. Not here: classes of drugs.

Of the RX segments of one order the one that knows best is read: given before dispensed as ordered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7 import order_control as control
from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import members, times
from clinical.wire.hl7.index import Index, Rows, code
from clinical.wire.hl7.message_types import MEDICATIONS, ORDERS
from clinical.wire.hl7.orders import DETAILS
from clinical.wire.hl7.text import Positions
from clinical.wire.hl7.values import numbers
from clinical.wire.time import UTC

STRING, DOUBLE = pa.string(), pa.float64()
ORC_QUANTITY, TQ1_START, TQ1_END, RXR_ROUTE = 7, 7, 8, 1
RXA_COUNTER, RXA_START, RXA_REFUSAL, RXA_COMPLETION, RXA_ACTION = 2, 3, 18, 20, 21
# Components of the old quantity/timing type (TQ).
TQ_START, TQ_END = 4, 5


RATE_WITH_UNIT = r"^\s*(?P<number>\d+(?:\.\d*)?|\.\d+)\s+(?P<unit>\S.*?)\s*$"


@dataclass(frozen=True, slots=True)
class Places:
    """The fields of a segment; 0 where it has none."""

    code: int = 0
    dose: int = 0
    dose_unit: int = 0
    rate: int = 0
    rate_unit: int = 0
    start: int = 0
    end: int = 0
    quantity: int = 0
    original: int = 0


# In the order of preference within one order. ORC is an order that only changes another.
SEGMENTS: Mapping[str, Places] = MappingProxyType(
    {
        "RXA": Places(code=5, dose=6, dose_unit=7, rate=12, start=3, end=4),
        "RXE": Places(2, 3, 5, 23, 24, quantity=1, original=32),
        "RXO": Places(1, 2, 4, 21, 22),
        "RXG": Places(4, 5, 7, 15, 16),
        "RXD": Places(2, 4, 5, start=3),
        "ORC": Places(),
    }
)

# RXA-20 (table 0322) and RXA-21 (table 0206): refused, not given; a deleted record never was.
NOT_GIVEN = "not_given"
COMPLETIONS: Mapping[str, str] = MappingProxyType(dict.fromkeys(("RE", "NA"), NOT_GIVEN))
ACTIONS: Mapping[str, str] = MappingProxyType({"D": "cancelled"})


def medication_events(batch: Batch) -> pa.Table:
    """One row per drug of a medication message, and of an order message that orders one."""
    index, at = batch.index, _chosen(batch)
    rows = index.these(at)
    orc, above = batch.rows("ORC"), index.latest("ORC")[at]
    of_orc = orc.link(above)
    rxr = index.rows("RXR")
    drug = _drugs(batch, at)
    sent_at = batch.header.sent_at.take(pa.array(rows.message))
    ordered_at = times(orc, control.ORC_TIME, batch.zone).take(of_orc)
    columns = {
        **batch.subjects.columns(rows),
        **drug,
        **_order(orc, of_orc),
        "event": pc.coalesce(_given(batch, at), _ordered(batch, at, orc, of_orc)),
        "event_id": _dose(batch, at),
        "route": pc.coalesce(rxr.common(RXR_ROUTE), rxr.common(RXR_ROUTE, 2)).take(
            rxr.link(index.under(at, "RXR", "ORC"))
        ),
        **_period(batch, at, of_orc, drug),
        "documented_at": pc.coalesce(ordered_at, sent_at),
    }
    columns["started_at"] = pc.coalesce(columns["started_at"], columns["documented_at"])
    return batch.table("medication_events", columns)


def _chosen(batch: Batch) -> Positions:
    """The segments that are rows: of each order, those of the kind that knows best."""
    index, known = batch.index, batch.header
    drugs = [kind for kind in SEGMENTS if kind != "ORC"]
    found = [batch.rows(kind, known.of_kind(MEDICATIONS | ORDERS)).at for kind in drugs]
    rank = np.repeat(np.arange(len(drugs)), [len(at) for at in found])
    at = np.concatenate(found)
    if len(at):
        order = index.latest("ORC", "MSH")[at]
        best = np.full(len(index.kinds), len(drugs))
        np.minimum.at(best, order, rank)
        at = at[rank == best[order]]
    lone = control.alone(index, batch.rows("ORC", known.of_kind(MEDICATIONS)).at, DETAILS)
    return np.sort(np.concatenate([at, lone]))


def _drugs(batch: Batch, at: Positions) -> dict[str, pa.Array]:
    """Drug, dose and times of each row, whatever segment it is."""
    parts: list[dict[str, pa.Array]] = []
    order = []
    for kind, places in SEGMENTS.items():
        rows = batch.index.these(at[batch.index.kinds[at] == code(kind)])
        if len(rows) or not parts:
            order.append(rows.at)
            parts.append(_drug(batch, rows, places))
    back = pa.array(np.argsort(np.concatenate(order), kind="stable"))
    return {name: pa.concat_arrays([part[name] for part in parts]).take(back) for name in parts[0]}


def _drug(batch: Batch, rows: Rows, places: Places) -> dict[str, pa.Array]:
    def text(place: int, part: int = 1) -> pa.Array:
        return rows.common(place, part) if place else pa.nulls(len(rows), STRING)

    def time(place: int, part: int = 1) -> pa.Array:
        return times(rows, place, batch.zone, part) if place else pa.nulls(len(rows), UTC)

    rate, rate_unit = _rate(text(places.rate), text(places.rate_unit))
    return {
        "code": text(places.code),
        "code_text": text(places.code, 2),
        "code_system": text(places.code, 3),
        "dose": numbers(text(places.dose))[1],
        "dose_unit": text(places.dose_unit),
        "rate": rate,
        "rate_unit": rate_unit,
        "started_at": pc.coalesce(time(places.start), time(places.quantity, TQ_START)),
        "ended_at": pc.coalesce(time(places.end), time(places.quantity, TQ_END)),
        "original_at": time(places.original),
    }


def _rate(sent: pa.Array, unit: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Rate and unit, also where both stand in one text, as RXA-12 has them: `0.1 mcg/kg/min`."""
    if sent.null_count == len(sent):
        return pa.nulls(len(sent), DOUBLE), unit
    parts = pc.extract_regex(sent, RATE_WITH_UNIT)
    together = parts.is_valid()
    number = pc.if_else(together, parts.field("number"), sent)
    told = pc.if_else(together, parts.field("unit"), pa.scalar(None, STRING))
    return numbers(number)[1], pc.coalesce(unit, told)


def _period(
    batch: Batch, at: Positions, of_orc: pa.Array, drug: Mapping[str, pa.Array]
) -> dict[str, pa.Array]:
    """Start and end: of the giving, else of TQ1, else of the older quantity/timing fields."""
    tq1, orc, zone = batch.index.rows("TQ1"), batch.rows("ORC"), batch.zone
    of_tq1 = tq1.link(_timing(batch.index, at))
    return {
        "started_at": pc.coalesce(
            times(tq1, TQ1_START, zone).take(of_tq1),
            drug["started_at"],
            times(orc, ORC_QUANTITY, zone, TQ_START).take(of_orc),
            drug["original_at"],
        ),
        "ended_at": pc.coalesce(
            times(tq1, TQ1_END, zone).take(of_tq1),
            drug["ended_at"],
            times(orc, ORC_QUANTITY, zone, TQ_END).take(of_orc),
        ),
    }


def _timing(index: Index, at: Positions) -> Positions:
    """The TQ1 of each row: the one after it, else the one between its ORC and it.

    None for a drug that was given: RXA says itself when.
    """
    after, before = index.under(at, "TQ1", *SEGMENTS), index.latest("TQ1")[at]
    before = np.where(before > index.latest("ORC")[at], before, -1)
    found = np.where(after >= 0, after, before)
    return np.where(index.kinds[at] == code("RXA"), -1, found)


def _order(orc: Rows, of_orc: pa.Array) -> dict[str, pa.Array]:
    """Which order each row is of, what was sent of its state, and which one it replaces."""
    order_id = pc.coalesce(orc.text(control.ORC_PLACER), orc.text(control.ORC_FILLER))
    return {
        "order_id": order_id.take(of_orc),
        "order_control": orc.common(control.ORC_CONTROL).take(of_orc),
        "order_status": orc.common(control.ORC_STATUS).take(of_orc),
        "replaces_id": control.replaced_ids(orc, order_id).take(of_orc),
    }


def _given(batch: Batch, at: Positions) -> pa.Array:
    """The event of each RXA; null for an order. A dose with a reason to refuse it was refused."""
    rxa = batch.index.these(at[batch.index.kinds[at] == code("RXA")])
    refused = rxa.common(RXA_REFUSAL).is_valid()
    event = pc.coalesce(
        rxa.lookup(RXA_ACTION, ACTIONS, None),
        rxa.lookup(RXA_COMPLETION, COMPLETIONS, None),
        pc.if_else(refused, NOT_GIVEN, "administered"),
    )
    return event.take(rxa.link(at))


def _dose(batch: Batch, at: Positions) -> pa.Array:
    """The number of a dose, else its time; null for an order.

    Senders begin the numbers anew with each message: a dose is its order, number and start.
    """
    rxa = batch.index.these(at[batch.index.kinds[at] == code("RXA")])
    told = pc.coalesce(rxa.text(RXA_COUNTER), rxa.text(RXA_START), pa.scalar("0"))
    return told.take(rxa.link(at))


def _ordered(batch: Batch, at: Positions, orc: Rows, of_orc: pa.Array) -> pa.Array:
    """What each row does to its order; RXD dispenses what it does not end."""
    told = control.events(orc).take(of_orc).fill_null(control.ORDERED)
    dispensed = batch.index.kinds[at] == code("RXD")
    if not dispensed.any():
        return told
    dispensed &= members(told, frozenset({control.ORDERED, control.CHANGED, control.COMPLETED}))
    return pc.if_else(pa.array(dispensed), control.DISPENSED, told)
