"""Allergies: AL1 and IAM segments.

Here: one row per segment that names what a patient does not bear. Not here: what a code means.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import times
from clinical.wire.hl7.index import Rows
from clinical.wire.hl7.text import taken

SEGMENTS = ("AL1", "IAM")
# The same place in both segments.
TYPE, CODE, SEVERITY = 2, 3, 4
AL1_IDENTIFIED = 6
IAM_ACTION, IAM_ID, IAM_ONSET, IAM_REPORTED, IAM_STATUS = 6, 7, 11, 13, 17

# HL7 table 0127, as FHIR's categories name them; any other code stands as sent.
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "DA": "medication",
        "FA": "food",
        "EA": "environment",
        "AA": "environment",
        "PA": "environment",
        "LA": "environment",
    }
)
# HL7 table 0128. A moderate reaction is none that endangers life.
CRITICALITIES: Mapping[str, str] = MappingProxyType(
    {"SV": "high", "MO": "low", "MI": "low", "U": "unable-to-assess"}
)
# IAM-6, table 0323: deleted was never so. IAM-17, table 0438.
ACTIONS: Mapping[str, str] = MappingProxyType({"D": "entered_in_error"})
STATUSES: Mapping[str, str] = MappingProxyType(
    {"C": "active", "P": "active", "S": "active", "U": "active", "I": "inactive", "D": "refuted"}
    | {"E": "entered_in_error"}
)


def allergies(batch: Batch) -> pa.Table:
    """One row per AL1 or IAM with a code or a name."""
    found = [_columns(batch, batch.rows(name), name) for name in SEGMENTS]
    names = found[0]
    joined = {name: pa.concat_arrays([part[name] for part in found]) for name in names}
    table = batch.table("allergies", joined)
    named = pc.or_(joined["code"].is_valid(), joined["code_text"].is_valid())
    order = np.argsort(np.concatenate([batch.rows(name).at for name in SEGMENTS]), kind="stable")
    return table.take(pa.array(order)).filter(named.take(pa.array(order)))


def _columns(batch: Batch, rows: Rows, name: str) -> dict[str, pa.Array]:
    code, system, text = rows.parts(CODE, 1, 3, 2)
    kind = rows.common(TYPE)
    recorded_at = taken(batch.header.recorded_at, pa.array(rows.message))
    return {
        **batch.subjects.columns(rows),
        "code": code,
        "code_system": system,
        "code_text": text,
        "allergy_type": pc.coalesce(rows.lookup(TYPE, TYPES, None), kind),
        "criticality": pc.coalesce(
            rows.lookup(SEVERITY, CRITICALITIES, None), rows.common(SEVERITY)
        ),
        **(_iam(batch, rows) if name == "IAM" else _al1(batch, rows)),
        "documented_at": pc.coalesce(_reported(batch, rows, name), recorded_at),
    }


def _al1(batch: Batch, rows: Rows) -> dict[str, pa.Array]:
    """AL1 numbers no allergy and ends none: what it names is held to last."""
    return {
        "allergy_id": pa.nulls(len(rows), pa.string()),
        "status": pa.repeat(pa.scalar("active"), len(rows)),
        "onset_at": times(rows, AL1_IDENTIFIED, batch.zone),
    }


def _iam(batch: Batch, rows: Rows) -> dict[str, pa.Array]:
    status = pc.coalesce(
        rows.lookup(IAM_ACTION, ACTIONS, None),
        rows.lookup(IAM_STATUS, STATUSES, None),
        pa.scalar("active"),
    )
    return {
        "allergy_id": rows.text(IAM_ID),
        "status": status,
        "onset_at": times(rows, IAM_ONSET, batch.zone),
    }


def _reported(batch: Batch, rows: Rows, name: str) -> pa.Array:
    if name == "IAM":
        return times(rows, IAM_REPORTED, batch.zone)
    return pa.nulls(len(rows), batch.header.recorded_at.type)
