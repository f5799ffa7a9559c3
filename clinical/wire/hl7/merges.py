"""The ledger of identities: what merges, moves and links say of two identifiers.

Here: which two identifiers, visits or accounts a message joins, parts or moves. Not here: what
identifiers look like (identifiers.py), or what follows, which is resolved when facts are read
(clinical/encounters/identities.py).

PID-3 names whom the facts belong to from now on, MRG-1 whose they were. A link or unlink (A24, A37)
has two PIDs in place of an MRG.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.header import Header
from clinical.wire.hl7.identifiers import Identifier, identifiers, pair
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.message_types import ENCOUNTERS, IDENTITIES, LINKS, MERGES
from clinical.wire.hl7.subjects import PID_ACCOUNT, PID_FORMER, PID_LIST, Subjects
from clinical.wire.hl7.text import Positions

MRG_LIST, MRG_ACCOUNT, MRG_VISIT = 1, 3, 5
STRING = pa.string()
MRG_TRIGGERS, LINK_TRIGGERS = frozenset(IDENTITIES), frozenset(LINKS)
Pair = tuple[str, Identifier, Identifier]


def identity_events(batch: Batch) -> pa.Table:
    """One row per MRG of a message about identities, and one per link or unlink."""
    known = batch.header
    adt = known.of_kind(ENCOUNTERS)
    parts = [
        read(batch, rows)
        for read, rows in (
            (_of_mrg, batch.rows("MRG", adt & known.on_trigger(MRG_TRIGGERS))),
            (_of_links, batch.rows("PID", adt & known.on_trigger(LINK_TRIGGERS))),
        )
        if len(rows)
    ]
    if not parts:
        return batch.table("identity_events", {"message": pa.array([], pa.int32())})
    return pa.concat_tables(parts).combine_chunks().sort_by("message")


def has_links(batch: Batch) -> bool:
    """Whether any message may link two patients: seldom does one name two at all."""
    pid = batch.subjects.pid.message
    return bool((pid[1:] == pid[:-1]).any()) and bool(batch.header.on_trigger(LINK_TRIGGERS).any())


def judge(index: Index, known: Header, found: Subjects, verdicts: Verdicts) -> None:
    """Reject merges that do not say which identifier is retired in favour of which."""
    told = known.of_kind(ENCOUNTERS) & verdicts.usable
    merging = told & known.on_trigger(MERGES) if told.any() else told
    if not merging.any():
        return
    mrg = index.rows("MRG", merging)
    joined = np.array([joined is not None for joined in _pairs(mrg, found)], np.bool_)
    good = np.bincount(mrg.message[joined], minlength=index.messages)
    bad = np.bincount(mrg.message[~joined], minlength=index.messages)
    verdicts.reject(merging & ((good == 0) | (bad > 0)), "bad_merge")


def _of_mrg(batch: Batch, mrg: Rows) -> pa.Table:
    subject = batch.subjects.columns(mrg)
    pairs = _pairs(mrg, batch.subjects)
    kinds = batch.subjects.patient_number
    sent = [_first(text, mrg, kinds) for text in mrg.field(MRG_LIST).to_pylist()]
    place = batch.subjects.of_segment.take(pa.array(mrg.at))
    trigger = batch.header.trigger.take(pa.array(mrg.message))
    facility = _chosen(pairs, lambda one: one[0], subject["facility"].to_pylist())
    surviving = _chosen(pairs, lambda one: one[1].value, subject["patient_id"].to_pylist())
    columns = {
        **subject,
        "facility": facility,
        "patient_id": surviving,
        "event": pa.array([_event(name, batch) for name in trigger.to_pylist()], STRING),
        "surviving_id": surviving,
        "retired_id": _chosen(
            pairs, lambda one: one[2].value, [one.value if one else None for one in sent]
        ),
        "retired_facility": _chosen(
            pairs, lambda one: one[0], [one.authority or None if one else None for one in sent]
        ),
        "surviving_visit": _visits(batch, mrg, subject["encounter_id"]),
        "retired_visit": mrg.text(MRG_ACCOUNT if _visits_are_accounts(batch) else MRG_VISIT),
        "surviving_account": batch.subjects.pid.text(PID_ACCOUNT).take(place),
        "retired_account": mrg.text(MRG_ACCOUNT),
    }
    return _dated(batch, mrg, columns)


def _of_links(batch: Batch, pid: Rows) -> pa.Table:
    """The first PID of each message with each that follows it."""
    subject = batch.subjects.columns(pid)
    later = np.flatnonzero(pid.message[1:] == pid.message[:-1]) + 1
    opening = np.searchsorted(pid.message, pid.message[later])
    first, other = pa.array(opening), pa.array(later)
    read = pid.index.delimiters, batch.subjects.patient_number
    listed = [identifiers(text or "", *read) for text in pid.field(PID_LIST).to_pylist()]
    pairs = [
        pair(listed[one], listed[two], fallback)
        for one, two, fallback in zip(
            opening.tolist(),
            later.tolist(),
            subject["facility"].take(first).to_pylist(),
            strict=True,
        )
    ]
    chosen = Rows(pid.index, pid.at[later])
    trigger = batch.header.trigger.take(pa.array(chosen.message))
    surviving = _chosen(
        pairs, lambda one: one[1].value, subject["patient_id"].take(first).to_pylist()
    )
    facility = _chosen(pairs, lambda one: one[0], subject["facility"].take(first).to_pylist())
    columns = {
        "message": pa.array(chosen.message),
        "encounter_id": subject["encounter_id"].take(first),
        "facility": facility,
        "patient_id": surviving,
        "event": pa.array([LINKS[name] for name in trigger.to_pylist()], STRING),
        "surviving_id": surviving,
        "retired_id": _chosen(
            pairs, lambda one: one[2].value, subject["patient_id"].take(other).to_pylist()
        ),
        "retired_facility": _chosen(
            pairs, lambda one: one[0], subject["facility"].take(other).to_pylist()
        ),
    }
    return _dated(batch, chosen, columns)


def _event(trigger: str, batch: Batch) -> str:
    event = IDENTITIES[trigger]
    return event.replace("_account", "_visit") if _visits_are_accounts(batch) else event


def _visits_are_accounts(batch: Batch) -> bool:
    """Whether the feed numbers its visits by PID-18: what it says of accounts, it says of them."""
    return batch.subjects.visit_number == f"PID-{PID_ACCOUNT}"


def _dated(batch: Batch, rows: Rows, columns: dict[str, pa.Array]) -> pa.Table:
    message = pa.array(rows.message)
    known = batch.header
    told = {
        "trigger": known.trigger.take(message),
        "documented_at": known.recorded_at.take(message),
    }
    return batch.table("identity_events", {**columns, **told})


def _visits(batch: Batch, mrg: Rows, otherwise: pa.Array) -> pa.Array:
    """The visit number of the PV1 under each MRG, else that of its patient."""
    if _visits_are_accounts(batch):
        return otherwise
    below: Positions = mrg.index.under(mrg.at, "PV1", "MRG", "PID")
    pv1 = mrg.index.rows("PV1")
    own = batch.subjects.visits(pv1).take(pv1.link(below))
    return pc.coalesce(own, otherwise)


def _chosen(
    pairs: Sequence[Pair | None], part: Callable[[Pair], str], otherwise: Sequence[str | None]
) -> pa.Array:
    """A part of each pair; where two were not of one authority, what was sent."""
    found = zip(pairs, otherwise, strict=True)
    return pa.array([part(one) if one else other for one, other in found], STRING)


def _first(text: str | None, rows: Rows, kinds: Sequence[str]) -> Identifier | None:
    return next(iter(identifiers(text or "", rows.index.delimiters, kinds)), None)


def _pairs(mrg: Rows, found: Subjects) -> list[Pair | None]:
    """The identifiers that each MRG joins; None where it joins none."""
    read = mrg.index.delimiters, found.patient_number
    pid = found.of_segment.take(pa.array(mrg.at))
    columns = [
        mrg.field(MRG_LIST),
        found.pid.field(PID_LIST).take(pid),
        found.pid.field(PID_FORMER).take(pid),
        found.unnamed_facility.take(pid),
    ]
    return [
        pair(
            identifiers(listed or "", *read) or identifiers(former or "", *read),
            identifiers(retired or "", *read),
            fallback,
        )
        for retired, listed, former, fallback in zip(
            *(column.to_pylist() for column in columns), strict=True
        )
    ]
