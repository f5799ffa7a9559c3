"""Merges: MRG segments, by which one patient identifier is retired in favour of another.

Here: which two identifiers a merge joins. Not here: what identifiers look like (identifiers.py), or
the resolution of merged patients, which is done when facts are read.
"""

import numpy as np
import pyarrow as pa

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.header import Header
from clinical.wire.hl7.identifiers import Identifier, identifiers, pair
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.message_types import ENCOUNTERS, MERGES
from clinical.wire.hl7.subjects import PID_FORMER, PID_LIST, Subjects

MRG_LIST = 1
STRING = pa.string()
Pair = tuple[str, Identifier, Identifier]


def identity_events(batch: Batch) -> pa.Table:
    """One row per MRG of a merge."""
    known = batch.header
    merging = known.of_kind(ENCOUNTERS) & known.on_trigger(MERGES)
    mrg = batch.rows("MRG", merging)
    found = [joined for joined in _pairs(mrg, batch.subjects) if joined]
    message = pa.array(mrg.message)
    surviving = pa.array([new.value for _, new, _ in found], STRING)
    columns = {
        **batch.subjects.columns(mrg),
        "facility": pa.array([authority for authority, _, _ in found], STRING),
        "patient_id": surviving,
        "event": pa.array(["merge"] * len(mrg), STRING),
        "trigger": known.trigger.take(message),
        "surviving_id": surviving,
        "retired_id": pa.array([old.value for _, _, old in found], STRING),
        "documented_at": known.recorded_at.take(message),
    }
    return batch.table("identity_events", columns)


def judge(index: Index, known: Header, found: Subjects, verdicts: Verdicts) -> None:
    """Reject merges that do not say which identifier is retired in favour of which."""
    merging = known.of_kind(ENCOUNTERS) & known.on_trigger(MERGES) & verdicts.usable
    if not merging.any():
        return
    mrg = index.rows("MRG", merging)
    joined = np.array([joined is not None for joined in _pairs(mrg, found)], np.bool_)
    good = np.bincount(mrg.message[joined], minlength=index.messages)
    bad = np.bincount(mrg.message[~joined], minlength=index.messages)
    verdicts.reject(merging & ((good == 0) | (bad > 0)), "bad_merge")


def _pairs(mrg: Rows, found: Subjects) -> list[Pair | None]:
    """The identifiers that each MRG joins; None where it joins none."""
    delimiters = mrg.index.delimiters
    pid = found.of_segment.take(pa.array(mrg.at))
    columns = [
        mrg.field(MRG_LIST),
        found.pid.field(PID_LIST).take(pid),
        found.pid.field(PID_FORMER).take(pid),
        found.unnamed_facility.take(pid),
    ]
    return [
        pair(
            identifiers(listed or "", delimiters) or identifiers(former or "", delimiters),
            identifiers(retired or "", delimiters),
            fallback,
        )
        for retired, listed, former, fallback in zip(
            *(column.to_pylist() for column in columns), strict=True
        )
    ]
