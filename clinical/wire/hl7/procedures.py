"""Procedures: PR1 segments, of encounters, accounts, charges and results.

Here: one row per PR1 that names a procedure. Not here: what a code means.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import times
from clinical.wire.hl7.text import taken
from clinical.wire.hl7.values import numbers

PR1_CODE, PR1_DESCRIPTION, PR1_TIME, PR1_MINUTES, PR1_ID, PR1_ACTION = 3, 4, 5, 7, 19, 20
# PR1-20, HL7 table 0206; a PR1 is of a procedure that was done.
STATUSES: Mapping[str, str] = MappingProxyType({"D": "entered_in_error"})
MINUTE = 60_000_000
LONGEST_MINUTES = 7 * 24 * 60


def procedures(batch: Batch) -> pa.Table:
    """One row per PR1 with a code or a description."""
    pr1 = batch.rows("PR1")
    code, system, text = pr1.parts(PR1_CODE, 1, 3, 2)
    started_at = times(pr1, PR1_TIME, batch.zone)
    columns = {
        **batch.subjects.columns(pr1),
        "procedure_id": pr1.text(PR1_ID),
        "code": code,
        "code_system": system,
        "code_text": pc.coalesce(text, pr1.common(PR1_DESCRIPTION)),
        "status": pc.coalesce(pr1.lookup(PR1_ACTION, STATUSES, None), pa.scalar("completed")),
        "started_at": started_at,
        "ended_at": _ended(started_at, numbers(pr1.common(PR1_MINUTES))[1]),
        "documented_at": taken(batch.header.recorded_at, pa.array(pr1.message)),
    }
    table = batch.table("procedures", columns)
    return table.filter(pc.or_(columns["code"].is_valid(), columns["code_text"].is_valid()))


def _ended(started_at: pa.Array, minutes: pa.Array) -> pa.Array:
    """The start and the minutes it took, where these are a length that a procedure may have."""
    possible = pc.and_(pc.greater(minutes, 0), pc.less_equal(minutes, LONGEST_MINUTES))
    took = pc.if_else(possible, minutes, pa.scalar(None, pa.float64()))
    microseconds = pc.cast(pc.round(pc.multiply(took, MINUTE)), pa.int64())
    return pc.add(started_at, microseconds.view(pa.duration("us")))
