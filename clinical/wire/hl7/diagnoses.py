"""Diagnoses: DG1 segments.

Here: one row per DG1 that names a diagnosis. Not here: what a code means.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import times

DG1_ID, DG1_CODE, DG1_DESCRIPTION, DG1_TIME, DG1_TYPE, DG1_PRIORITY = 1, 3, 4, 5, 6, 15
DG1_NUMBER, DG1_ACTION = 20, 21
# DG1-21, HL7 table 0206: a diagnosis that is deleted never was.
STATUSES: Mapping[str, str] = MappingProxyType({"D": "entered_in_error"})
SMALL_NUMBER = r"^\d{1,6}$"


def diagnoses(batch: Batch) -> pa.Table:
    """One row per DG1 with a code or a description."""
    dg1 = batch.rows("DG1")
    sent_at = batch.header.sent_at.take(pa.array(dg1.message))
    columns = {
        **batch.subjects.columns(dg1),
        "code": dg1.common(DG1_CODE),
        "code_system": dg1.common(DG1_CODE, 3),
        "code_text": pc.coalesce(dg1.common(DG1_CODE, 2), dg1.common(DG1_DESCRIPTION)),
        "diagnosis_type": dg1.common(DG1_TYPE),
        "priority": pc.coalesce(_whole(dg1.common(DG1_PRIORITY)), _whole(dg1.common(DG1_ID))),
        "documented_at": pc.coalesce(times(dg1, DG1_TIME, batch.zone), sent_at),
        "diagnosis_id": dg1.text(DG1_NUMBER),
        "status": dg1.lookup(DG1_ACTION, STATUSES, None),
    }
    table = batch.table("diagnoses", columns)
    named = pc.or_(columns["code"].is_valid(), columns["code_text"].is_valid())
    return table.filter(named)


def _whole(texts: pa.Array) -> pa.Array:
    numeric = pc.match_substring_regex(texts, SMALL_NUMBER)
    return pc.if_else(numeric, texts, pa.scalar(None, pa.string())).cast(pa.int32())
