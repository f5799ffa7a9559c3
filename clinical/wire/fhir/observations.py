"""Observations of FHIR as rows of facts.

Here: one row per Observation, or per component of one, and their columns. Not here: value[x]
(values.py), patients and visits (subjects.py), or what a code means (clinical/normalise).

An Observation with components has a row of its own only if it has a value of its own. Rows of one
resource share `order_id`, which is the resource's identity: a corrected version supersedes by it.
What `hasMember` and `derivedFrom` name are Observations of their own and are counted there.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from clinical.concepts.statuses import FHIR_OBSERVATION, UNKNOWN
from clinical.wire.decoded import LONGEST_ANSWER
from clinical.wire.fhir.core import Measured, Observation
from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.ranges import ranges
from clinical.wire.fhir.texts import FEW, Column, array, looked_up, nothing, pick, without
from clinical.wire.fhir.texts import Rows as Positions
from clinical.wire.fhir.values import has_value, values

STRING = pa.string()
_BAD_TIME = "bad_time"
_CODE = ("code", "code_system", "code_text", "alternate_code", "alternate_system")


class _Parts(NamedTuple):
    """What gives rows; with `of`, which Observation each is of, and its place in it."""

    measured: Sequence[Measured]
    of: Positions | None
    sub_ids: Sequence[str | None] | None


def read(found: Found[Observation]) -> Iterator[Rows]:
    """The rows of a batch's Observations, and the notes of what is no short answer."""
    parts = _parts(found.resources)
    if not parts.measured:
        return
    order = found.own_column()
    shared = {"order_id": order, **_of_resources(found)}
    if parts.of is not None:
        shared = {name: pick(column, parts.of) for name, column in shared.items()}
    said = _of_parts(found, parts)
    if narratives := _narratives(said["value_type"], said["value_text"]):
        yield _report(shared, said, narratives, parts)
        said["value_text"] = without(said["value_text"], narratives)
    yield Rows("observations", {**shared, **said}, parts.of)
    notes = [each.note for each in found.resources]
    yield from annotations(found, "observations", order, notes)


def _parts(each: Sequence[Observation]) -> _Parts:
    """`focus` says that a value is another's, e.g. the foetus of the patient whose record it is."""
    several = [row for row, one in enumerate(each) if one.component or one.focus]
    if not several:
        return _Parts(each, None, None)
    parts: list[Measured] = []
    sub_ids: list[str | None] = []
    held: list[int] = []
    done = 0
    for row in several:
        # Those in between are what they are: taken as they stand.
        parts += each[done:row]
        sub_ids += [None] * (row - done)
        begun, done = len(parts), row + 1
        _add(each[row], parts, sub_ids)
        held.append(len(parts) - begun)
    parts += each[done:]
    sub_ids += [None] * (len(each) - done)
    counts = np.ones(len(each), np.int64)
    counts[several] = held
    of = np.repeat(np.arange(len(each)), counts)
    return _Parts(parts, of if len(of) > FEW else of.tolist(), sub_ids)


def _add(one: Observation, parts: list[Measured], sub_ids: list[str | None]) -> None:
    """What gives rows of an Observation with components, or with a focus, which gives none."""
    if one.focus and _is_there(one.focus):
        return
    pieces = one.component or ()
    if not pieces or has_value(one):
        parts.append(one)
        sub_ids.append(None)
    parts += pieces
    sub_ids += map(str, range(len(pieces)))


def _is_there(raw: Raw) -> bool:
    return bool(raw) and bytes(raw) not in {b"null", b"[]"}


def _of_resources(found: Found[Observation]) -> dict[str, Column]:
    """What all parts of an Observation share."""
    each = found.resources
    documented = found.written([one.issued for one in each])
    effective = _effective_times(found)
    at = found.dated(effective)
    return {
        "effective_at": at,
        "time_flag": _flags(effective, at),
        "documented_at": found.moments(documented),
        "status": looked_up([one.status for one in each], _status),
        "specimen": found.labelled([one.specimen for one in each]),
    }


def _of_parts(found: Found[Observation], parts: _Parts) -> dict[str, Column]:
    """What each part says for itself."""
    measured, of = parts.measured, parts.of
    said = dict(zip(_CODE, found.coded([part.code for part in measured], of), strict=True))
    said |= values(measured)._asdict()
    said["sub_id"] = parts.sub_ids or nothing(len(measured))
    said["abnormal_flag"] = found.answered([part.interpretation for part in measured], of)
    said["reference_range"] = ranges([part.reference_range for part in measured])
    return said


def _flags(texts: Sequence[str | None], read: Column) -> Column:
    """Which times are there and are none, or tell no day."""
    if isinstance(read, pa.Array):
        if read.null_count == 0:
            return nothing(len(texts))
        read = read.is_valid().to_pylist()
    return [
        _BAD_TIME if text is not None and (at is None or at is False) else None
        for text, at in zip(texts, read, strict=True)
    ]


def _status(told: str | None) -> str:
    return FHIR_OBSERVATION.get(told or "", UNKNOWN)


def _effective_times(found: Found[Observation]) -> list[str | None]:
    """When each was true: as it says, else when it was issued, sent or last changed."""
    told = [one.effective_date_time for one in found.resources]
    if all(told):
        return told
    for row in [row for row, text in enumerate(told) if not text]:
        one = found.resources[row]
        told[row] = _effective(one) or one.issued or found.sent(row)
    return told


def _effective(one: Observation) -> str | None:
    if one.effective_instant:
        return one.effective_instant
    if one.effective_period is not None:
        return one.effective_period.start or one.effective_period.end
    if one.effective_timing is not None:
        return next(iter(one.effective_timing.event or ()), None)
    return None


def _narratives(kinds: Column, texts: Column) -> list[int]:
    """Which strings are too long for an answer."""
    if isinstance(texts, pa.Array):
        if (pc.max(pc.binary_length(texts)).as_py() or 0) <= LONGEST_ANSWER:
            return []
        kinds, texts = array(kinds, STRING).to_pylist(), texts.to_pylist()
    return [
        row
        for row, (kind, text) in enumerate(zip(kinds, texts, strict=True))
        if kind == "string" and isinstance(text, str) and len(text) > LONGEST_ANSWER
    ]


def _report(
    shared: dict[str, Column], said: dict[str, Column], rows: Sequence[int], parts: _Parts
) -> Rows:
    """Long texts as notes: they may name anybody."""
    order = pick(shared["order_id"], rows)
    told = {
        **{name: pick(said[name], rows) for name in ("code", "code_system", "code_text")},
        "note_id": order,
        "about_table": ["observations"] * len(rows),
        "about_id": order,
        "kind": ["report"] * len(rows),
        "text": pick(said["value_text"], rows),
        "status": pick(shared["status"], rows),
        "documented_at": pick(shared["documented_at"], rows),
    }
    return Rows("notes", told, rows if parts.of is None else [int(parts.of[row]) for row in rows])


def moments(one: Observation) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    period = one.effective_period
    yield from (one.issued, one.effective_date_time, one.effective_instant)
    if period is not None:
        yield from (period.start, period.end)
