"""Observations: OBX segments with the OBR they stand under.

Here: results as the sender said them. Not here: concepts and units (clinical/normalise).

`status` is that of HL7 table 0085, except that a `U` without a value is `status_change`: the sender
declares values final that it does not send again, and that a `W` is `wrong_patient`.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.concepts.statuses import (
    CANCELLED,
    FINAL,
    OBR_25,
    OBX_11,
    RETRACTED,
    STATUS_CHANGE,
    UNKNOWN,
    WRONG_PATIENT,
)
from clinical.wire.hl7.batch import Batch, Flags
from clinical.wire.hl7.index import Rows
from clinical.wire.hl7.notes import narratives
from clinical.wire.hl7.text import component, first_known, has, holds, taken
from clinical.wire.hl7.values import values

STRING = pa.string()
OBX_TYPE, OBX_CODE, OBX_SUB_ID, OBX_VALUE, OBX_UNIT, OBX_FLAG, OBX_STATUS, OBX_TIME = (
    2, 3, 4, 5, 6, 8, 11, 14,
)  # fmt: skip
ORC_PLACER, ORC_FILLER = 2, 3
OBR_PLACER, OBR_FILLER, OBR_TIME, OBR_SPECIMEN, OBR_RELEASED, OBR_STATUS = 2, 3, 7, 15, 22, 25
OBX_RANGE, SPM_TYPE = 7, 4
# What stands before the value of an OBX and what stands behind it: both come again and again.
TOGETHER = (OBX_TYPE, OBX_SUB_ID), (OBX_UNIT, OBX_STATUS)


def observations(batch: Batch) -> pa.Table:
    """One row per OBX of a result or ADT message."""
    obx = batch.rows("OBX", batch.results)
    obr = batch.rows("OBR", batch.results)
    for fields in TOGETHER:
        obx.together(*fields)
    order = obr.above(obx.at)
    of_order = {name: taken(column, order) for name, column in _order(batch, obr).items()}
    types = obx.cells(OBX_TYPE)
    value = values(types, obx.cells(OBX_VALUE), batch.delimiters)
    story = narratives(types, value.text, batch.delimiters)
    columns = {
        **batch.subjects.columns(obx),
        **_code(obx),
        "order_id": of_order["order_id"],
        "sub_id": obx.common(OBX_SUB_ID),
        "value_type": types.spread(component(types.texts, batch.delimiters, 1), STRING),
        "value_text": value.text if story is None else _without(value.text, story),
        "comparator": value.comparator,
        "value_number": value.number,
        "unit_as_sent": _unit(obx),
        **_times(batch, obx, obr, order),
        "status": _status(obx, of_order["status"], value.text),
        "abnormal_flag": obx.common(OBX_FLAG),
        "specimen": taken(_specimen(batch, obr), order),
        "reference_range": obx.common(OBX_RANGE),
    }
    return batch.table("observations", columns)


def _without(text: pa.Array, story: Flags) -> pa.Array:
    """The answers; stories are kept in `notes`."""
    return pc.if_else(pa.array(story), pa.scalar(None, STRING), text)


def _specimen(batch: Batch, obr: Rows) -> pa.Array:
    """What was examined: SPM under the order, else the older OBR-15."""
    sent = first_known(*obr.parts(OBR_SPECIMEN, 1, 2))
    spm = batch.rows("SPM", batch.results)
    if not len(spm):
        return sent
    kind = first_known(*spm.parts(SPM_TYPE, 1, 2))
    found = taken(kind, spm.link(batch.index.under(obr.at, "SPM", "OBR")))
    return first_known(found, sent)


def _order(batch: Batch, obr: Rows) -> dict[str, pa.Array]:
    """What each OBR says of the observations under it; the ORC's numbers where it has none."""
    return {
        "order_id": _order_id(batch, obr),
        "status": obr.lookup(OBR_STATUS, OBR_25, UNKNOWN),
    }


def _order_id(batch: Batch, obr: Rows) -> pa.Array:
    filler = obr.text(OBR_FILLER)
    if not filler.null_count:
        return filler
    return first_known(filler, obr.text(OBR_PLACER), _common_order(batch, obr))


def _common_order(batch: Batch, obr: Rows) -> pa.Array:
    orc = batch.rows("ORC", batch.results)
    if not len(orc):
        return pa.nulls(len(obr), STRING)
    previous = batch.index.above(np.maximum(obr.at - 1, 0), "ORC", "OBR")
    return taken(first_known(orc.text(ORC_FILLER), orc.text(ORC_PLACER)), orc.link(previous))


def _code(obx: Rows) -> dict[str, pa.Array]:
    places = {
        "code": 1,
        "code_text": 2,
        "code_system": 3,
        "alternate_code": 4,
        "alternate_system": 6,
    }
    return dict(zip(places, obx.parts(OBX_CODE, *places.values()), strict=True))


def _unit(obx: Rows) -> pa.Array:
    """OBX-6.1, else its text. `10^3/uL` with an unescaped `^` is put together again."""
    cells, delimiters = obx.cells(OBX_UNIT), obx.index.delimiters
    unit, text = (component(cells.texts, delimiters, place) for place in (1, 2))
    if has(cells.texts, delimiters.component):
        power = pc.and_(pc.equal(unit, "10"), pc.match_substring_regex(text, r"^\d+\s*/"))
        joined = pc.binary_join_element_wise(unit, text, "^")
        unit = pc.if_else(pc.fill_null(power, False), joined, unit)
    return cells.spread(first_known(unit, text), STRING)


def _times(batch: Batch, obx: Rows, obr: Rows, order: pa.Array) -> dict[str, pa.Array]:
    sent_at = taken(batch.header.sent_at, pa.array(obx.message))
    (own, bad), (observed_at, untold), (released_at, _) = batch.moments(
        (obx, OBX_TIME), (obr, OBR_TIME), (obr, OBR_RELEASED)
    )
    if untold.null_count < len(untold):  # what OBX-14 does not say, OBR-7 does not either
        unsaid = pc.if_else(own.is_null(), taken(untold, order), pa.scalar(None, STRING))
        bad = first_known(bad, unsaid)
    return {
        "effective_at": first_known(own, taken(observed_at, order), sent_at),
        "time_flag": bad,
        "documented_at": first_known(taken(released_at, order), sent_at),
    }


def _status(obx: Rows, of_order: pa.Array, text: pa.Array) -> pa.Array:
    """OBX-11, else OBR-25; a report that was cancelled cancels what it holds."""
    own = obx.lookup(OBX_STATUS, OBX_11, UNKNOWN)
    if holds(own, STATUS_CHANGE):
        promoted = pc.and_(pc.equal(own, STATUS_CHANGE), text.is_valid())
        own = pc.if_else(promoted, pa.scalar(FINAL), own)
    told = first_known(own, of_order)
    told = told.fill_null(FINAL) if told.null_count else told
    if not holds(of_order, CANCELLED):
        return told
    cancelled = pc.equal(of_order, CANCELLED).fill_null(False)
    standing = pc.invert(pc.is_in(told, pa.array(sorted(RETRACTED | {WRONG_PATIENT}))))
    return pc.if_else(pc.and_(cancelled, standing), pa.scalar(CANCELLED), told)
