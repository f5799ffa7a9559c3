"""Orders: ORC with the OBR it orders, and ORC alone where it only changes an order.

Here: orders for tests and services. Not here: orders for drugs (medications.py).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import members, times
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.message_types import ORDERS
from clinical.wire.hl7.text import Positions

ORC_CONTROL, ORC_PLACER, ORC_FILLER, ORC_STATUS, ORC_TIME = 1, 2, 3, 5, 9
OBR_PLACER, OBR_FILLER, OBR_SERVICE, OBR_TIME, OBR_SPECIMEN, OBR_STATUS = 2, 3, 4, 7, 15, 25
SPM_TYPE, SPM_COLLECTED = 4, 17

# What an ORC may order: an ORC before none of these stands alone.
DETAILS = ("OBR", "RXO", "RXE", "RXA", "RXD", "RXG", "RQD", "RQ1", "ODS", "ODT")
# HL7 table 0119: cancelled or discontinued, asked for or done. Then ORC-5 and OBR-25, tables 0038
# and 0123.
CANCELLING = frozenset({"CA", "OC", "CR", "DC", "OD", "DR"})
CANCELLED = frozenset({"CA", "DC", "X"})


def order_events(batch: Batch) -> pa.Table:
    """One row per OBR of an order message, and per ORC that stands alone."""
    index, messages = batch.index, batch.usable & batch.header.of_kind(ORDERS)
    obr, orc, spm = index.rows("OBR", messages), index.rows("ORC", messages), index.rows("SPM")
    at = np.sort(np.concatenate([obr.at, alone(index, orc.at)]))
    rows = index.these(at)
    of_obr, of_orc = obr.link(at), orc.link(index.latest("ORC")[at])
    of_spm = spm.link(index.under(at, "SPM", "OBR", "ORC"))
    sent_at = batch.header.sent_at.take(pa.array(rows.message))
    control = orc.common(ORC_CONTROL).take(of_orc)
    status = pc.coalesce(orc.common(ORC_STATUS).take(of_orc), obr.common(OBR_STATUS).take(of_obr))
    ordered_at = times(orc, ORC_TIME, batch.zone).take(of_orc)
    observed_at = times(obr, OBR_TIME, batch.zone).take(of_obr)
    collected_at = times(spm, SPM_COLLECTED, batch.zone).take(of_spm)
    columns = {
        **batch.subjects.columns(rows),
        "order_id": _order_id(obr, of_obr, orc, of_orc),
        "order_control": control,
        "order_status": status,
        **_service(obr, of_obr),
        "specimen": pc.coalesce(_specimen(spm, of_spm), obr.common(OBR_SPECIMEN).take(of_obr)),
        "effective_at": pc.coalesce(observed_at, collected_at, ordered_at, sent_at),
        "documented_at": pc.coalesce(ordered_at, sent_at),
        "is_cancelled": pa.array(members(control, CANCELLING) | members(status, CANCELLED)),
    }
    return batch.table("order_events", columns)


def alone(index: Index, orc: Positions) -> Positions:
    """The ORC segments that no detail follows."""
    following = np.append(index.coming("ORC", *DETAILS), -1)[orc + 1]
    ordered = index.kinds[following] != index.kinds[orc]
    ordered &= (following >= 0) & (index.message[following] == index.message[orc])
    found: Positions = orc[~ordered]
    return found


def _order_id(obr: Rows, of_obr: pa.Array, orc: Rows, of_orc: pa.Array) -> pa.Array:
    """The placer's number, else the filler's; those of OBR first, as an ORC may order several."""
    return pc.coalesce(
        obr.text(OBR_PLACER).take(of_obr),
        orc.text(ORC_PLACER).take(of_orc),
        obr.text(OBR_FILLER).take(of_obr),
        orc.text(ORC_FILLER).take(of_orc),
    )


def _service(obr: Rows, of_obr: pa.Array) -> dict[str, pa.Array]:
    places = {"code": 1, "code_text": 2, "code_system": 3}
    return {name: obr.common(OBR_SERVICE, place).take(of_obr) for name, place in places.items()}


def _specimen(spm: Rows, of_spm: pa.Array) -> pa.Array:
    return pc.coalesce(spm.common(SPM_TYPE), spm.common(SPM_TYPE, 2)).take(of_spm)
