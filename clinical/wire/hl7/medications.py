"""Medications: drugs ordered, changed, given, not given and stopped.

Here: RXO, RXE, RXA, RXG and RXD with their ORC, TQ1 and RXR. Not here: classes of drugs.

Of the RX segments of one order the one that knows best is read: given before dispensed as ordered.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import FACTS
from clinical.wire.hl7 import order_control as control
from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.drugs import SEGMENTS, TQ_END, TQ_START, drug
from clinical.wire.hl7.header import members, times
from clinical.wire.hl7.index import Index, Rows, code
from clinical.wire.hl7.linked import Linked
from clinical.wire.hl7.message_types import MEDICATIONS, ORDERS
from clinical.wire.hl7.orders import DETAILS
from clinical.wire.hl7.text import Positions, first_known, taken
from clinical.wire.time import UTC

STRING = pa.string()
# An order for a drug may stand in any order message.
KINDS = MEDICATIONS | ORDERS
_NONE = FACTS["medication_events"].empty_table()
ORC_QUANTITY, TQ1_START, TQ1_END, RXR_ROUTE = 7, 7, 8, 1
RXA_COUNTER, RXA_START, RXA_REFUSAL, RXA_COMPLETION, RXA_ACTION = 2, 3, 18, 20, 21

# RXA-20 (table 0322) and RXA-21 (table 0206): refused, not given; a deleted record never was.
NOT_GIVEN = "not_given"
COMPLETIONS: Mapping[str, str] = MappingProxyType(dict.fromkeys(("RE", "NA"), NOT_GIVEN))
ACTIONS: Mapping[str, str] = MappingProxyType({"D": "cancelled"})


def medication_events(batch: Batch) -> pa.Table:
    """One row per drug of a medication message, and of an order message that orders one."""
    index, at = batch.index, _chosen(batch)
    if not len(at):
        return _NONE
    rows, orc = index.these(at), _orders(batch, at)
    told = _drugs(batch, at)
    sent_at = taken(batch.header.sent_at, pa.array(rows.message))
    ordered_at = orc.spread(times(orc.rows, control.ORC_TIME, batch.zone))
    documented_at = first_known(ordered_at, sent_at)
    started_at, ended_at = _period(batch, at, orc, told)
    event, event_id = _events(batch, at, orc)
    columns = {
        **batch.subjects.columns(rows),
        **told,
        **_order(orc),
        "event": event,
        "event_id": event_id,
        "route": _route(index, at),
        "started_at": first_known(started_at, documented_at),
        "ended_at": ended_at,
        "documented_at": documented_at,
    }
    return batch.table("medication_events", columns)


def _orders(batch: Batch, at: Positions) -> Linked:
    """The ORC that each row is or stands under."""
    orc, above = batch.rows("ORC"), batch.index.above(at, "ORC")
    # An ORC may be replaced by one that is none of those.
    return Linked.all(orc, above) if control.replaces(orc) else Linked.to(orc, above)


def _route(index: Index, at: Positions) -> pa.Array:
    if not index.has("RXR"):
        return pa.nulls(len(at), STRING)
    rxr = Linked.to(index.rows("RXR"), index.under(at, "RXR", "ORC"))
    return rxr.spread(first_known(*rxr.rows.parts(RXR_ROUTE, 1, 2)))


def _chosen(batch: Batch) -> Positions:
    """The segments that are rows: of each order, those of the kind that knows best."""
    index, known = batch.index, batch.header
    drugs = [kind for kind in SEGMENTS if kind != "ORC"]
    found = [batch.rows(kind, known.of_kind(KINDS)).at for kind in drugs]
    rank = np.repeat(np.arange(len(drugs)), [len(at) for at in found])
    at = np.concatenate(found)
    if len(at):
        order = index.above(at, "ORC", "MSH")
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
        rows = batch.index.these(_of(batch, at, kind))
        if len(rows):
            order.append(rows.at)
            parts.append(drug(rows, places, batch.zone))
    if len(parts) == 1:
        return parts[0]
    back = pa.array(np.argsort(np.concatenate(order), kind="stable"))
    return {name: pa.concat_arrays([part[name] for part in parts]).take(back) for name in parts[0]}


def _period(
    batch: Batch, at: Positions, orc: Linked, drug: Mapping[str, pa.Array]
) -> tuple[pa.Array, pa.Array]:
    """Start and end: of the giving, else of TQ1, else of the older quantity/timing fields."""
    zone, none = batch.zone, pa.nulls(len(at), UTC)
    started_at = ended_at = none
    if batch.index.has("TQ1"):
        tq1 = Linked.to(batch.index.rows("TQ1"), _timing(batch.index, at))
        started_at = tq1.spread(times(tq1.rows, TQ1_START, zone))
        ended_at = tq1.spread(times(tq1.rows, TQ1_END, zone))
    began, ceased = (
        orc.spread(times(orc.rows, ORC_QUANTITY, zone, part)) for part in (TQ_START, TQ_END)
    )
    return (
        first_known(started_at, drug["started_at"], began, drug["original_at"]),
        first_known(ended_at, drug["ended_at"], ceased),
    )


def _timing(index: Index, at: Positions) -> Positions:
    """The TQ1 of each row: the one after it, else the one between its ORC and it.

    None for a drug that was given: RXA says itself when.
    """
    after, before = index.under(at, "TQ1", *SEGMENTS), index.above(at, "TQ1")
    before = np.where(before > index.above(at, "ORC"), before, -1)
    found = np.where(after >= 0, after, before)
    return np.where(index.kinds[at] == code("RXA"), -1, found)


def _order(orc: Linked) -> dict[str, pa.Array]:
    """Which order each row is of, what was sent of its state, and which one it replaces."""
    rows = orc.rows
    order_id = first_known(rows.text(control.ORC_PLACER), rows.text(control.ORC_FILLER))
    return {
        "order_id": orc.spread(order_id),
        "order_control": orc.spread(rows.common(control.ORC_CONTROL)),
        "order_status": orc.spread(rows.common(control.ORC_STATUS)),
        "replaces_id": orc.spread(control.replaced_ids(rows, order_id)),
    }


def _events(batch: Batch, at: Positions, orc: Linked) -> tuple[pa.Array, pa.Array]:
    """What each row says of its drug, and the number of a dose."""
    given = _of(batch, at, "RXA")
    if not len(given):
        return _ordered(batch, at, orc), pa.nulls(len(at), STRING)
    rxa = batch.index.these(given)
    if len(given) == len(at):
        return _given(rxa), _dose(rxa)
    of = rxa.link(at)
    return first_known(taken(_given(rxa), of), _ordered(batch, at, orc)), taken(_dose(rxa), of)


def _of(batch: Batch, at: Positions, kind: str) -> Positions:
    """Those of the rows that are segments of this name."""
    mine = batch.index.kinds[at] == code(kind)
    return at if mine.all() else at[mine]


def _given(rxa: Rows) -> pa.Array:
    """The event of each RXA. A dose with a reason to refuse it was refused."""
    refused = rxa.common(RXA_REFUSAL).is_valid()
    return first_known(
        rxa.lookup(RXA_ACTION, ACTIONS, None),
        rxa.lookup(RXA_COMPLETION, COMPLETIONS, None),
        pc.if_else(refused, NOT_GIVEN, "administered"),
    )


def _dose(rxa: Rows) -> pa.Array:
    """The number of a dose, else its time.

    Senders begin the numbers anew with each message: a dose is its order, number and start.
    """
    told = first_known(rxa.text(RXA_COUNTER), rxa.text(RXA_START))
    return told.fill_null("0") if told.null_count else told


def _ordered(batch: Batch, at: Positions, orc: Linked) -> pa.Array:
    """What each row does to its order; RXD dispenses what it does not end."""
    told = orc.spread(control.events(orc.rows)).fill_null(control.ORDERED)
    dispensed = batch.index.kinds[at] == code("RXD")
    if not dispensed.any():
        return told
    dispensed &= members(told, frozenset({control.ORDERED, control.CHANGED, control.COMPLETED}))
    return pc.if_else(pa.array(dispensed), control.DISPENSED, told)
