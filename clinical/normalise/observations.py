"""Observations as they are stored: as sent, and in the concept's own terms.

Here: the identity of an observation and the columns that normalising adds. Not here: how values
come about (values.py).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.concepts.statuses import ENTERED_IN_ERROR, WRONG_PATIENT
from clinical.normalise.coding import codings
from clinical.normalise.distinct import flat, microseconds, runs
from clinical.normalise.values import values
from clinical.wire.profile import FeedProfile

# The order of the stored contract, without provenance.
COLUMNS = (
    "message",
    "facility",
    "patient_id",
    "encounter_id",
    "observation_id",
    "order_id",
    "code",
    "code_system",
    "code_text",
    "sub_id",
    "concept",
    "loinc_code",
    "value_type",
    "value_text",
    "comparator",
    "value_number",
    "unit_as_sent",
    "value",
    "value_code",
    "ucum_unit",
    "effective_at",
    "documented_at",
    "status",
    "abnormal_flag",
    "is_scored",
    "not_scored_reason",
    "specimen",
    "reference_range",
)


_IDENTIFIED_BY = ("order_id", "code_system", "code", "sub_id")
_OWNED_BY = ("facility", "patient_id")
# Up to this many rows are named faster one by one than as columns.
_FEW = 64
# It pays to write a time once where it comes so many times in a row.
_AGAIN = 2


def observations(rows: pa.Table, received_at: pa.Array, profile: FeedProfile) -> pa.Table:
    """Observations with their concept, canonical value and the reason why one is not scored."""
    coded = codings(rows, profile)
    found = values(rows, received_at, coded, profile)
    added = {
        "observation_id": observation_id(rows),
        "concept": coded.concept(),
        "loinc_code": coded.loinc_code(),
        "value_number": _finite(flat(rows["value_number"])),
        "value": found.value,
        "value_code": found.value_code,
        "ucum_unit": coded.ucum_unit(),
        "is_scored": found.reason.is_null(),
        "not_scored_reason": found.reason,
        "status": _status(flat(rows["status"])),
    }
    return pa.table({name: added[name] if name in added else rows[name] for name in COLUMNS})


def observation_id(rows: pa.Table) -> pa.Array:
    """The identity of each observation across its corrections.

    `order|system|code|sub-id|time`, the time in microseconds since 1970 (UTC); without an order
    number `facility|patient||system|code|sub-id|time`. A part that is not known is empty; `%` and
    `|` within a part are written `%25` and `%7C`. Status, unit and value are no part of it: those
    get corrected.
    """
    if len(rows) <= _FEW:
        return pa.array(_few_ids(rows), pa.string())
    time = _times(flat(rows["effective_at"]))
    parts = [_part(flat(rows[name])) for name in _IDENTIFIED_BY]
    joined = _joined(*parts, _part(time))
    ordered = pc.not_equal(parts[0], "")
    if pc.all(ordered).as_py():
        return joined
    owner = (_part(flat(rows[name])) for name in _OWNED_BY)
    return pc.if_else(ordered, joined, _joined(*owner, joined))


def _times(times: pa.Array) -> pa.Array:
    """Times as texts: results of one message stand together and mostly have one, written once."""
    begins, lengths = runs(microseconds(times))
    if times.null_count or len(begins) * _AGAIN > len(times):
        return times.view(pa.int64()).cast(pa.string())
    written = times.take(pa.array(begins)).view(pa.int64()).cast(pa.string())
    return written.take(pa.array(np.repeat(np.arange(len(begins), dtype=np.int32), lengths)))


def _few_ids(rows: pa.Table) -> list[str]:
    """The same, of so few rows that a call for each column costs more than a step for each row."""
    times = flat(rows["effective_at"]).view(pa.int64()).to_pylist()
    named = zip(*(flat(rows[name]).to_pylist() for name in _IDENTIFIED_BY), times, strict=True)
    owned = zip(*(flat(rows[name]).to_pylist() for name in _OWNED_BY), strict=True)
    return [
        "|".join(map(_written, own if own[0] else (*owner, *own)))
        for own, owner in zip(named, owned, strict=True)
    ]


def _written(part: object) -> str:
    return "" if part is None else str(part).replace("%", "%25").replace("|", "%7C")


def _status(told: pa.Array) -> pa.Array:
    """Statuses as they are stored: that it was another patient's stands as the reason alone."""
    wrong = pc.equal(told, WRONG_PATIENT)
    if not pc.any(wrong).as_py():
        return told
    return pc.if_else(wrong.fill_null(False), pa.scalar(ENTERED_IN_ERROR), told)


def _finite(number: pa.Array) -> pa.Array:
    """A number as sent; what no score and no table may hold is null."""
    told = number.to_numpy(zero_copy_only=False)
    if np.isfinite(told).sum() == len(number) - number.null_count:
        return number
    return pc.if_else(pc.is_finite(number), number, pa.scalar(None, pa.float64()))


def _joined(*parts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "|")


def _part(text: pa.Array) -> pa.Array:
    if text.null_count:
        text = text.fill_null("")
    for mark, written in (("%", "%25"), ("|", "%7C")):
        if _may_hold(text, mark):
            text = pc.replace_substring(text, mark, written)
    return text


def _may_hold(text: pa.Array, mark: str) -> bool:
    """Whether the bytes behind a column hold a mark at all: cheaper than asking every text."""
    content = text.buffers()[2]
    return content is not None and bool((np.frombuffer(content, np.uint8) == ord(mark)).any())
