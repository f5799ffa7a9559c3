"""Observations of FHIR as rows of facts.

Here: one row per Observation, or per component of one, and their columns. Not here: value[x]
(values.py), patients and visits (subjects.py), or what a code means (clinical/normalise).

An Observation with components has a row of its own only if it has a value of its own. Rows of one
resource share `order_id`, which is the resource's identity: a corrected version supersedes by it.
What `hasMember` and `derivedFrom` name are Observations of their own and are counted there.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from clinical.wire.decoded import LONGEST_ANSWER
from clinical.wire.fhir.codings import STATUS
from clinical.wire.fhir.core import Measured, Observation
from clinical.wire.fhir.found import Column, Found, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.values import has_value, ranges, values

STRING = pa.string()
_BAD_TIME = "bad_time"


class _Parts(NamedTuple):
    """What gives rows; with `of`, which Observation each is of, and its place in it."""

    measured: Sequence[Measured]
    of: Sequence[int] | None
    sub_ids: Sequence[str | None] | None


def read(found: Found[Observation]) -> Iterator[Rows]:
    """The rows of a batch's Observations, and the notes of what is no short answer."""
    parts = _parts(found.resources)
    if not parts.measured:
        return
    order = pa.array(found.own_ids(), STRING)
    shared = _spread({"order_id": order, **_of_resources(found)}, parts.of)
    said = _of_parts(found, parts)
    narrative = _narratives(said["value_type"], said["value_text"])
    if narrative is not None:
        at = pc.filter(pa.array(range(len(parts.measured))), narrative)
        yield _report(shared, said, at, parts)
        said["value_text"] = pc.if_else(narrative, pa.scalar(None, STRING), said["value_text"])
    yield Rows("observations", {**shared, **said}, parts.of)
    yield from annotations(found, "observations", order, [each.note for each in found.resources])


def _parts(each: Sequence[Observation]) -> _Parts:
    """`focus` says that a value is another's, e.g. the foetus of the patient whose record it is."""
    components = [one.component for one in each]
    focuses = [one.focus for one in each]
    focused = any(focuses)
    if not focused and not any(components):
        return _Parts(each, None, None)
    parts: list[Measured] = []
    of: list[int] = []
    sub_ids: list[str | None] = []
    for row, (one, pieces) in enumerate(zip(each, components, strict=True)):
        if focused and _is_there(one.focus):
            continue
        if not pieces or has_value(one):
            parts.append(one)
            of.append(row)
            sub_ids.append(None)
        if pieces:
            parts += pieces
            of += [row] * len(pieces)
            sub_ids += map(str, range(len(pieces)))
    return _Parts(parts, of, sub_ids)


def _is_there(raw: Raw) -> bool:
    return bool(raw) and bytes(raw) not in {b"null", b"[]"}


def _of_resources(found: Found[Observation]) -> dict[str, Column]:
    """What all parts of an Observation share."""
    each = found.resources
    documented = found.written([one.issued for one in each])
    effective = [
        one.effective_date_time or _effective(one) or one.issued or found.sent(row)
        for row, one in enumerate(each)
    ]
    at = found.instants(effective)
    return {
        "effective_at": at,
        "time_flag": _flags(effective, at),
        "documented_at": found.instants(documented),
        "status": [STATUS.get(one.status or "", "unknown") for one in each],
        "specimen": found.labels([one.specimen for one in each]),
    }


def _of_parts(found: Found[Observation], parts: _Parts) -> dict[str, pa.Array]:
    """What each part says for itself."""
    code = found.codes([part.code for part in parts.measured], parts.of)
    value = values(parts.measured)
    return {
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "alternate_code": code.alternate_code,
        "alternate_system": code.alternate_system,
        "sub_id": _texts(parts.sub_ids, len(parts.measured)),
        **value._asdict(),
        "abnormal_flag": found.answers([part.interpretation for part in parts.measured], parts.of),
        "reference_range": ranges([part.reference_range for part in parts.measured]),
    }


def _spread(columns: dict[str, Column], of: Sequence[int] | None) -> dict[str, Column]:
    if of is None:
        return columns
    at = pa.array(of, pa.int64())
    return {
        name: (column if isinstance(column, pa.Array) else pa.array(column, STRING)).take(at)
        for name, column in columns.items()
    }


def _texts(told: Sequence[str | None] | None, count: int) -> pa.Array:
    return pa.nulls(count, STRING) if told is None else pa.array(told, STRING)


def _flags(texts: Sequence[str | None], read: pa.Array) -> Column:
    if read.null_count == 0:
        return pa.nulls(len(texts), STRING)
    return [
        _BAD_TIME if text is not None and not readable else None
        for text, readable in zip(texts, read.is_valid().to_pylist(), strict=True)
    ]


def _effective(one: Observation) -> str | None:
    if one.effective_instant:
        return one.effective_instant
    if one.effective_period is not None:
        return one.effective_period.start or one.effective_period.end
    if one.effective_timing is not None:
        return next(iter(one.effective_timing.event or ()), None)
    return None


def _narratives(kinds: pa.Array, texts: pa.Array) -> pa.Array | None:
    """Which strings are too long for an answer; None if none is."""
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= LONGEST_ANSWER:
        return None
    long = pc.and_(pc.equal(kinds, "string"), pc.greater(pc.utf8_length(texts), LONGEST_ANSWER))
    return pc.fill_null(long, False) if long.true_count else None


def _report(
    shared: dict[str, Column], said: dict[str, pa.Array], at: pa.Array, parts: _Parts
) -> Rows:
    """Long texts as notes: they may name anybody."""
    order = pa.array(shared["order_id"], STRING).take(at)
    columns = {name: said[name].take(at) for name in ("code", "code_system", "code_text")}
    status = pa.array(shared["status"], STRING).take(at)
    told = {
        **columns,
        "note_id": order,
        "about_table": ["observations"] * len(at),
        "about_id": order,
        "kind": ["report"] * len(at),
        "text": said["value_text"].take(at),
        "status": status,
        "documented_at": pa.array(shared["documented_at"]).take(at),
    }
    rows = at.to_pylist()
    return Rows("notes", told, rows if parts.of is None else [parts.of[row] for row in rows])


def moments(one: Observation) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    period = one.effective_period
    yield from (one.issued, one.effective_date_time, one.effective_instant)
    if period is not None:
        yield from (period.start, period.end)
