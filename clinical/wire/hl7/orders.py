"""Orders: OBR with the ORC above it, and ORC alone where it only changes an order.

Here: orders for tests and services, and the reports that answer them. Not here: orders for drugs
(medications.py), or what an ORC does to its order (order_control.py).

A report (ORU) names an order where it has an ORC or a placer's number: the order itself may come
later, or never. An OBR with the filler's number alone answers nobody, as a bedside monitor's does.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import FACTS
from clinical.wire.hl7 import order_control as control
from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import members, times
from clinical.wire.hl7.index import Rows, code
from clinical.wire.hl7.linked import Linked
from clinical.wire.hl7.message_types import ORDERS, RESULTS
from clinical.wire.hl7.text import Positions, first_known, taken
from clinical.wire.time import UTC

OBR_PLACER, OBR_FILLER, OBR_SERVICE, OBR_TIME, OBR_SPECIMEN = 2, 3, 4, 7, 15
OBR_RELEASED, OBR_STATUS, OBR_PARENT = 22, 25, 29
SPM_TYPE, SPM_COLLECTED = 4, 17

# What an ORC may order: an ORC before none of these stands alone.
DETAILS = ("OBR", "RXO", "RXE", "RXA", "RXD", "RXG", "RQD", "RQ1", "ODS", "ODT")
REPORTED, COLLECTED = "reported", "collected"
# Events that withdraw the order; and the report that says so (OBR-25, HL7 table 0123).
WITHDRAWING, NO_REPORT = frozenset({control.CANCELLED, control.DISCONTINUED}), frozenset({"X"})
STRING = pa.string()
KINDS = ORDERS | RESULTS
_NONE = FACTS["order_events"].empty_table()


def order_events(batch: Batch) -> pa.Table:
    """One row per OBR of an order or of a report on one, and per ORC that stands alone."""
    index, told = batch.index, batch.header.of_kind(KINDS)
    obr, orc = (batch.rows(kind, told).at for kind in ("OBR", "ORC"))
    obr = obr[_answers(batch, index.these(obr))]
    at = np.sort(np.concatenate([obr, control.alone(index, orc, DETAILS)]))
    if not len(at):
        return _NONE
    sent = _Sent.of(batch, at, obr, orc)
    return batch.table("order_events", _columns(batch, sent))


@dataclass(frozen=True, slots=True)
class _Sent:
    """The rows, with the OBR that each is and the ORC that it is or stands under."""

    rows: Rows
    obr: Linked
    orc: Linked
    reports: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, batch: Batch, at: Positions, obr: Positions, orc: Positions) -> Self:
        index, above = batch.index, batch.index.above(at, "ORC")
        rows, orders = index.these(at), index.these(orc)
        return cls(
            rows,
            Linked.to(index.these(obr), np.where(index.kinds[at] == code("OBR"), at, -1)),
            # An ORC may be replaced by one that is none of those.
            Linked.all(orders, above) if control.replaces(orders) else Linked.to(orders, above),
            batch.header.of_kind(RESULTS)[rows.message],
        )


def _columns(batch: Batch, sent: _Sent) -> dict[str, pa.Array]:
    obr, orc = sent.obr, sent.orc
    status = obr.spread(obr.rows.common(OBR_STATUS))
    event = _events(batch, sent, status)
    placer, filler = _numbers(obr, orc)
    specimen, collected_at = _specimens(batch, sent.rows)
    observed_at, ordered_at, written_at = _times(batch, sent)
    sent_at = taken(batch.header.sent_at, pa.array(sent.rows.message))
    return {
        **batch.subjects.columns(sent.rows),
        "order_id": first_known(placer, filler),
        "filler_id": pc.if_else(placer.is_valid(), filler, pa.scalar(None, STRING)),
        "parent_id": _parent(obr, orc),
        "order_control": orc.spread(orc.rows.common(control.ORC_CONTROL)),
        "order_status": orc.spread(orc.rows.common(control.ORC_STATUS)),
        "result_status": status,
        "event": event,
        "is_cancelled": pa.array(members(event, WITHDRAWING)),
        **_service(obr),
        "specimen": first_known(specimen, obr.spread(obr.rows.common(OBR_SPECIMEN))),
        "effective_at": first_known(observed_at, collected_at, ordered_at, sent_at),
        "documented_at": first_known(written_at, sent_at),
    }


def _answers(batch: Batch, obr: Rows) -> npt.NDArray[np.bool_]:
    """The OBR that are orders, or say which order they answer."""
    reports = batch.header.of_kind(RESULTS)[obr.message]
    if not reports.any():
        return ~reports
    named = batch.index.above(obr.at, "ORC") >= 0
    sent = np.flatnonzero(obr.lengths(OBR_PLACER))
    if len(sent):
        placer = batch.index.these(obr.at[sent]).text(OBR_PLACER)
        named[sent[placer.is_valid().to_numpy(zero_copy_only=False)]] = True
    return ~reports | named


def _events(batch: Batch, sent: _Sent, status: pa.Array) -> pa.Array:
    """What each row does to its order; a report that takes nothing back only reports."""
    told = sent.orc.spread(control.events(sent.orc.rows)).fill_null(control.ORDERED)
    ends = members(told, WITHDRAWING)
    if sent.reports.any():
        reports = sent.reports & (batch.index.kinds[sent.rows.at] == code("OBR"))
        told = pc.if_else(pa.array(reports & ~ends), pa.scalar(REPORTED), told)
    withdrawn = members(status, NO_REPORT) & ~ends
    if not withdrawn.any():
        return told
    return pc.if_else(pa.array(withdrawn), pa.scalar(control.CANCELLED), told)


def _numbers(obr: Linked, orc: Linked) -> tuple[pa.Array, pa.Array]:
    """The placer's number and the filler's; those of OBR first, as an ORC may order several."""
    places = ((OBR_PLACER, control.ORC_PLACER), (OBR_FILLER, control.ORC_FILLER))
    placer, filler = (
        first_known(obr.spread(obr.rows.text(own)), orc.spread(orc.rows.text(common)))
        for own, common in places
    )
    return placer, filler


def _parent(obr: Linked, orc: Linked) -> pa.Array:
    """The order that this one is part of, by the placer's number, else the filler's.

    Of an EIP the first subcomponent of either number is its identifier.
    """
    own = (obr.spread(obr.rows.common(OBR_PARENT, part)) for part in (1, 2))
    common = (orc.spread(orc.rows.common(control.ORC_PARENT, part)) for part in (1, 2))
    return first_known(*own, *common)


def _service(obr: Linked) -> dict[str, pa.Array]:
    names = "code", "code_text", "code_system"
    columns = obr.rows.parts(OBR_SERVICE, 1, 2, 3)
    return {name: obr.spread(column) for name, column in zip(names, columns, strict=True)}


def _specimens(batch: Batch, rows: Rows) -> tuple[pa.Array, pa.Array]:
    """Type of the specimen of each row, and when it was collected."""
    if not batch.index.has("SPM"):
        return pa.nulls(len(rows), STRING), pa.nulls(len(rows), UTC)
    spm = Linked.to(batch.index.rows("SPM"), batch.index.under(rows.at, "SPM", "OBR", "ORC"))
    sent = spm.spread(first_known(*spm.rows.parts(SPM_TYPE, 1, 2)))
    return sent, spm.spread(times(spm.rows, SPM_COLLECTED, batch.zone))


def _times(batch: Batch, sent: _Sent) -> tuple[pa.Array, pa.Array, pa.Array]:
    """When each row was observed, ordered and written: a report by its release, not its order."""
    obr, orc, zone = sent.obr, sent.orc, batch.zone
    ordered_at = orc.spread(times(orc.rows, control.ORC_TIME, zone))
    observed_at = obr.spread(times(obr.rows, OBR_TIME, zone))
    if not sent.reports.any():
        return observed_at, ordered_at, ordered_at
    released_at = obr.spread(times(obr.rows, OBR_RELEASED, zone))
    written_at = pc.if_else(pa.array(sent.reports), released_at, ordered_at)
    return observed_at, ordered_at, written_at
