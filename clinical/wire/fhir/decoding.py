"""A batch of FHIR messages as one Decoded.

Here: each message's one disposition, and its rows. Not here: reading JSON (messages.py), Bundles
(bundles.py) or what a resource becomes (observations.py, encounters.py, patients.py ...).

A message is taken whole or not at all: one Observation of nobody quarantines its Bundle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Raw

from clinical.wire.decoded import FACTS, MESSAGES, Decoded, filled
from clinical.wire.fhir.core import Patient
from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.gathering import Gathered, gather
from clinical.wire.fhir.groups import Context, Group
from clinical.wire.fhir.identities import Naming, identity
from clinical.wire.fhir.kind import Kind
from clinical.wire.fhir.kinds import KINDS
from clinical.wire.fhir.messages import Read, Unread, read, resource_in
from clinical.wire.fhir.neighbours import MALFORMED, NOBODY, Whom
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.references import MalformedError
from clinical.wire.fhir.resources import Resource
from clinical.wire.fhir.subjects import Subjects, chosen, subjects, visits
from clinical.wire.fhir.texts import FEW, Column, array, nothing, numbers, pick
from clinical.wire.profile import FeedProfile

_ROWS = {name: pa.struct(list(schema)) for name, schema in FACTS.items()}
_LEDGER = pa.struct(list(MESSAGES))
Messages: TypeAlias = pa.BinaryArray | pa.LargeBinaryArray


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of one table with the place of each in the batch."""

    rows: pa.Table
    places: npt.NDArray[np.int64]


def decode(messages: Messages, profile: FeedProfile) -> Decoded:
    """Decode a batch; whatever the bytes, each message gets one disposition, none raises."""
    texts = [raw or b"" for raw in messages.to_pylist()]
    seen = read(texts, profile.limits.message_bytes)
    found = gather(seen, Naming(profile.facility, profile.patient_number))
    tables: dict[str, list[_Table]] = {}
    for kind in KINDS:
        if kind.read is not None and (group := found.groups.get(kind.shape)) is not None:
            _read(kind, group, profile, found, tables)
    facts = {name: _joined(parts, found.refused) for name, parts in tables.items()}
    facts = {name: table for name, table in facts.items() if table.num_rows}
    return Decoded(_ledger(seen, found, facts), facts)


def dispositions(messages: Messages, profile: FeedProfile) -> pa.Table:
    """The `messages` that `decode` gives; what is wrong with a resource shows in its facts."""
    return decode(messages, profile).messages


def _read(
    kind: Kind, group: Group[Resource], profile: FeedProfile, found: Gathered,
    tables: dict[str, list[_Table]],
) -> None:  # fmt: skip
    """Add the rows of one kind to the tables, and what it refuses to the refusals."""
    naming = Naming(profile.facility, profile.patient_number)
    about = _about(kind, group, naming)
    _refuse(found, [it for it in about.refused if kind.owned or it[1] is not Reason.NO_PATIENT])
    if not about.group.resources:
        return
    visit, malformed = visits(about.group)
    _refuse(found, malformed)
    held = Found(about.group, (about.facility, about.patient_id), profile.zone, _contained)
    for rows in kind.read(held) if kind.read else ():
        tables.setdefault(rows.table, []).append(_table(rows, about, visit))
    _refuse(found, held.refused)


def _about(kind: Kind, group: Group[Resource], naming: Naming) -> Subjects:
    if kind.shape is not Patient:
        return subjects(group, naming)
    ids = [one.id for one in group.resources] if group.outside else []
    if ids and all(ids):
        facility = [naming.facility] * len(ids)
        few = len(ids) <= FEW
        return Subjects(
            group,
            facility if few else pa.repeat(naming.facility, len(ids)),
            ids if few else pa.array(ids, pa.string()),
            [],
        )
    rows = zip(group.resources, group.urls, group.contexts, strict=True)
    return chosen(group, [_itself(one, url, naming, context) for one, url, context in rows])


def _itself(one: Resource, url: str | None, naming: Naming, context: Context) -> Whom:
    """The patient whom a Patient is about."""
    try:
        who = identity(one, url, naming, alone=context.alone) if isinstance(one, Patient) else None
    except MalformedError:
        return MALFORMED
    return who or NOBODY


def _refuse(found: Gathered, refused: Sequence[tuple[int, Reason]]) -> None:
    for message, reason in refused:
        found.refused.setdefault(message, reason)


def _contained(raw: Raw) -> Resource | None:
    try:
        resource = resource_in(raw)
    except DecodeError:
        return None
    return resource if isinstance(resource, Resource) else None


def _table(rows: Rows, about: Subjects, visit: Column) -> _Table:
    group = about.group
    shared: dict[str, Column] = {
        "message": _message(group.messages),
        "facility": about.facility,
        "patient_id": about.patient_id,
        "encounter_id": visit,
    }
    places = numbers(group.places)
    if rows.of is not None:
        shared = {name: pick(column, rows.of) for name, column in shared.items()}
        places = places[np.asarray(rows.of, np.int64)]
    columns = {**shared, **rows.columns}
    few = len(places) <= FEW and not any(isinstance(each, pa.Array) for each in columns.values())
    made = _few if few else filled
    return _Table(made(rows.table, columns, len(places)), places)


def _message(messages: Sequence[int]) -> Column:
    if len(messages) <= FEW:
        return messages
    return pa.array(numbers(messages).astype(np.int32))


def _few(name: str, columns: Mapping[str, Column], count: int) -> pa.Table:
    """The same as `filled` of Python objects: one call costs less than one for each column."""
    none = [None] * count
    rows = zip(*(columns.get(column, none) for column in FACTS[name].names), strict=True)
    return _of_rows(rows, FACTS[name], _ROWS[name])


def _of_rows(rows: Iterable[tuple[object, ...]], schema: pa.Schema, kind: pa.DataType) -> pa.Table:
    made = pa.RecordBatch.from_struct_array(pa.array(list(rows), kind))
    return pa.Table.from_batches([made], schema)


def _joined(parts: Sequence[_Table], refused: Mapping[int, Reason]) -> pa.Table:
    """The rows of a table in the order of the batch, without those of refused messages."""
    table = parts[0].rows
    if len(parts) > 1:
        order = np.argsort(np.concatenate([part.places for part in parts]), kind="stable")
        table = pa.concat_tables([part.rows for part in parts]).take(pa.array(order))
    if not refused:
        return table
    bad = np.fromiter(refused, np.int64, len(refused))
    return table.filter(pa.array(~np.isin(table["message"].to_numpy(), bad)))


def _ledger(seen: Sequence[Read], found: Gathered, facts: Mapping[str, pa.Table]) -> pa.Table:
    """Sender, id, type, disposition, stage and reason of each message."""
    metas = [each.meta for each in seen]
    senders = [meta and meta.source for meta in metas] if any(metas) else nothing(len(seen))
    columns = [
        senders,
        [each.id for each in seen],
        _types(seen),
        *_judged(len(seen), found, facts),
    ]
    if len(seen) <= FEW:
        return _of_rows(zip(*columns, strict=True), MESSAGES, _LEDGER)
    return pa.Table.from_arrays([array(each, pa.string()) for each in columns], schema=MESSAGES)


def _types(seen: Sequence[Read]) -> Column:
    kinds = set(map(type, seen))
    if len(seen) > FEW and len(kinds) == 1 and Unread not in kinds:
        return pa.repeat(kinds.pop().__name__, len(seen))
    return [each.type if type(each) is Unread else type(each).__name__ for each in seen]


def _judged(count: int, found: Gathered, facts: Mapping[str, pa.Table]) -> list[Column]:
    """Disposition, stage and reason: a message that gave no rows is not parsed.

    One that was parsed but for one thing has the reason of that.
    """
    given = np.zeros(count, np.bool_)
    for table in facts.values():
        given[table["message"].to_numpy()] = True
    rest = np.flatnonzero(~given).tolist()
    if not rest and not found.partly and count > FEW:
        return [pa.repeat("parsed", count), nothing(count), nothing(count)]
    disposition: list[str | None] = ["parsed"] * count
    stage: list[str | None] = [None] * count
    reason: list[str | None] = [None] * count
    for message, unread in found.partly.items():
        stage[message], reason[message] = "decode", unread.value
    used = _with_used(found) if rest else set()
    for message in rest:
        refusal = found.refused.get(message) or found.partly.get(message)
        empty = Reason.SUBJECT_NOT_PATIENT if message in used else Reason.RESOURCE_TYPE_NOT_USED
        stage[message] = "decode"
        disposition[message] = "quarantined" if refusal else "skipped"
        reason[message] = (refusal or empty).value
    return [disposition, stage, reason]


def _with_used(found: Gathered) -> set[int]:
    """The messages that hold a resource which gives rows where it is about a patient."""
    read = {kind.shape for kind in KINDS if kind.read is not None} if found.groups else set()
    groups = (group for shape, group in found.groups.items() if shape in read)
    return {message for group in groups for message in group.messages}
