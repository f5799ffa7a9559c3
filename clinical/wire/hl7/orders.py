"""Orders: OBR with the ORC above it, and ORC alone where it only changes an order.

Here: orders for tests and services, and the reports that answer them. Not here: orders for drugs
(medications.py), or what an ORC does to its order (order_control.py).

A report (ORU) names an order where it has an ORC or a placer's number: the order itself may come
later, or never. An OBR with the filler's number alone answers nobody, as a bedside monitor's does.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import FACTS
from clinical.wire.hl7 import order_control as control
from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import members, times
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.message_types import ORDERS, RESULTS
from clinical.wire.hl7.text import Positions

OBR_PLACER, OBR_FILLER, OBR_SERVICE, OBR_TIME, OBR_SPECIMEN = 2, 3, 4, 7, 15
OBR_RELEASED, OBR_STATUS, OBR_PARENT = 22, 25, 29
SPM_TYPE, SPM_COLLECTED = 4, 17

# What an ORC may order: an ORC before none of these stands alone.
DETAILS = ("OBR", "RXO", "RXE", "RXA", "RXD", "RXG", "RQD", "RQ1", "ODS", "ODT")
REPORTED, COLLECTED = "reported", "collected"
# Events that withdraw the order; and the report that says so (OBR-25, HL7 table 0123).
WITHDRAWING, NO_REPORT = frozenset({control.CANCELLED, control.DISCONTINUED}), frozenset({"X"})
STRING = pa.string()


def order_events(batch: Batch) -> pa.Table:
    """One row per OBR of an order or of a report on one, and per ORC that stands alone."""
    index = batch.index
    obr, orc = (batch.rows(kind, batch.header.of_kind(ORDERS | RESULTS)) for kind in ("OBR", "ORC"))
    at = np.sort(np.concatenate([obr.at[_answers(batch, obr)], _alone(index, orc.at)]))
    if not len(at):
        return FACTS["order_events"].empty_table()
    rows = index.these(at)
    of_obr, of_orc = obr.link(at), orc.link(index.latest("ORC")[at])
    reports = batch.header.of_kind(RESULTS)[rows.message]
    status = obr.common(OBR_STATUS).take(of_obr)
    event = _events(orc, of_orc, status, reports & of_obr.is_valid().to_numpy(zero_copy_only=False))
    placer, filler = _numbers(obr, of_obr, orc, of_orc)
    specimen, collected_at = _specimens(batch, rows)
    observed_at, ordered_at, written_at = _times(batch, rows, obr, orc, reports)
    sent_at = batch.header.sent_at.take(pa.array(rows.message))
    columns = {
        **batch.subjects.columns(rows),
        "order_id": pc.coalesce(placer, filler),
        "filler_id": pc.if_else(placer.is_valid(), filler, pa.scalar(None, STRING)),
        "parent_id": _parent(obr, of_obr, orc, of_orc),
        "order_control": orc.common(control.ORC_CONTROL).take(of_orc),
        "order_status": orc.common(control.ORC_STATUS).take(of_orc),
        "result_status": status,
        "event": event,
        "is_cancelled": pa.array(members(event, WITHDRAWING)),
        **_service(obr, of_obr),
        "specimen": pc.coalesce(specimen, obr.common(OBR_SPECIMEN).take(of_obr)),
        "effective_at": pc.coalesce(observed_at, collected_at, ordered_at, sent_at),
        "documented_at": pc.coalesce(written_at, sent_at),
    }
    return batch.table("order_events", columns)


def _answers(batch: Batch, obr: Rows) -> npt.NDArray[np.bool_]:
    """The OBR that are orders, or say which order they answer."""
    reports = batch.header.of_kind(RESULTS)[obr.message]
    if not reports.any():
        return ~reports
    named = _known(obr.text(OBR_PLACER))
    if batch.index.has("ORC"):
        named |= batch.index.latest("ORC")[obr.at] >= 0
    return ~reports | named


def _alone(index: Index, orc: Positions) -> Positions:
    return control.alone(index, orc, DETAILS) if len(orc) else orc


def _events(
    orc: Rows, of_orc: pa.Array, status: pa.Array, reports: npt.NDArray[np.bool_]
) -> pa.Array:
    """What each row does to its order; a report that takes nothing back only reports."""
    told = control.events(orc).take(of_orc).fill_null(control.ORDERED)
    ends = members(told, WITHDRAWING)
    told = pc.if_else(pa.array(reports & ~ends), pa.scalar(REPORTED), told)
    return pc.if_else(
        pa.array(members(status, NO_REPORT) & ~ends), pa.scalar(control.CANCELLED), told
    )


def _numbers(obr: Rows, of_obr: pa.Array, orc: Rows, of_orc: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The placer's number and the filler's; those of OBR first, as an ORC may order several."""
    places = ((OBR_PLACER, control.ORC_PLACER), (OBR_FILLER, control.ORC_FILLER))
    placer, filler = (
        pc.coalesce(obr.text(own).take(of_obr), orc.text(common).take(of_orc))
        for own, common in places
    )
    return placer, filler


def _parent(obr: Rows, of_obr: pa.Array, orc: Rows, of_orc: pa.Array) -> pa.Array:
    """The order that this one is part of, by the placer's number, else the filler's.

    Of an EIP the first subcomponent of either number is its identifier.
    """
    own = (obr.common(OBR_PARENT, part).take(of_obr) for part in (1, 2))
    common = (orc.common(control.ORC_PARENT, part).take(of_orc) for part in (1, 2))
    return pc.coalesce(*own, *common)


def _service(obr: Rows, of_obr: pa.Array) -> dict[str, pa.Array]:
    places = {"code": 1, "code_text": 2, "code_system": 3}
    return {name: obr.common(OBR_SERVICE, place).take(of_obr) for name, place in places.items()}


def _specimens(batch: Batch, rows: Rows) -> tuple[pa.Array, pa.Array]:
    """Type of the specimen of each row, and when it was collected."""
    spm = batch.index.rows("SPM")
    of_spm = spm.link(batch.index.under(rows.at, "SPM", "OBR", "ORC"))
    sent = pc.coalesce(spm.common(SPM_TYPE), spm.common(SPM_TYPE, 2)).take(of_spm)
    return sent, times(spm, SPM_COLLECTED, batch.zone).take(of_spm)


def _times(
    batch: Batch, rows: Rows, obr: Rows, orc: Rows, reports: npt.NDArray[np.bool_]
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """When each row was observed, ordered and written: a report by its release, not its order."""
    of_obr, of_orc = obr.link(rows.at), orc.link(batch.index.latest("ORC")[rows.at])
    ordered_at = times(orc, control.ORC_TIME, batch.zone).take(of_orc)
    observed_at = times(obr, OBR_TIME, batch.zone).take(of_obr)
    released_at = times(obr, OBR_RELEASED, batch.zone).take(of_obr)
    written_at = pc.if_else(pa.array(reports), released_at, ordered_at)
    return observed_at, ordered_at, written_at


def _known(column: pa.Array) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = column.is_valid().to_numpy(zero_copy_only=False)
    return found
