"""Patients and visits of a group of resources, as columns.

Here: who each resource is about, and which of them are about a patient. Not here: how a reference
is resolved (neighbours.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
from msgspec import Raw

from clinical.wire.fhir.groups import Context, Group
from clinical.wire.fhir.identities import Identity, Naming
from clinical.wire.fhir.neighbours import (
    MALFORMED,
    NOBODY,
    WITHIN,
    Neighbours,
    Verdict,
    Whom,
    visit_of,
    visit_outside,
    visit_within,
    whom,
    whom_outside,
    whom_within,
)
from clinical.wire.fhir.reasons import Reason
from clinical.wire.fhir.resources import Resource
from clinical.wire.fhir.texts import FEW, Column, distinct, nothing

T = TypeVar("T")
STRING = pa.string()
_REFUSED = {NOBODY: Reason.NO_PATIENT, MALFORMED: Reason.WRONG_SHAPE}

Refusals = list[tuple[int, Reason]]


@dataclass(frozen=True, slots=True)
class Subjects:
    """The patient of each resource; `group` holds only those that are about one."""

    group: Group[Resource]
    facility: Column
    patient_id: Column
    refused: Refusals


def subjects(group: Group[Resource], naming: Naming) -> Subjects:
    """Who the resources of a group are about, by their subject."""
    texts = [resource.subject for resource in group.resources]
    if group.outside:
        each = distinct(texts)
        told = [whom_outside(text, naming.facility) for text in each.texts]
        if not any(type(who) is Verdict for who in told):
            return Subjects(
                group,
                each.spread([who[0] for who in told], STRING),
                each.spread([who[1] for who in told], STRING),  # type: ignore[misc]
                [],
            )
    return chosen(group, _one_by_one(group, texts))


def chosen(group: Group[Resource], told: Sequence[Whom]) -> Subjects:
    """The same where each resource's patient is known already."""
    kept = [row for row, who in enumerate(told) if type(who) is Identity]
    refused = [
        (group.messages[row], _REFUSED[who])
        for row, who in enumerate(told)
        if isinstance(who, Verdict) and who in _REFUSED
    ]
    picked = group if len(kept) == len(told) else group.select(kept)
    names = [told[row] for row in kept]
    return Subjects(
        picked,
        _column([who[0] for who in names]),
        _column([who[1] for who in names]),  # type: ignore[misc]
        refused,
    )


def _column(told: Sequence[object]) -> Column:
    return told if len(told) <= FEW else pa.array(told, STRING)


def visits(group: Group[Resource]) -> tuple[Column, Refusals]:
    """The visit that each resource names."""
    texts = [resource.encounter for resource in group.resources]
    if not any(texts):
        return nothing(len(texts)), []
    if group.outside:
        each = distinct(texts)
        told = [visit_outside(text) for text in each.texts]
        if not any(type(visit) is Verdict for visit in told):
            return each.spread(told, STRING), []
    rows = _per_message(group, texts, visit_of)
    for row, visit in enumerate(rows):
        if visit is WITHIN:
            rows[row] = visit_within(bytes(texts[row]), group.resources[row].contained)
    bad = [
        (group.messages[row], Reason.WRONG_SHAPE) for row, it in enumerate(rows) if it is MALFORMED
    ]
    return _column([None if visit is MALFORMED else visit for visit in rows]), bad


def _one_by_one(group: Group[Resource], texts: Sequence[Raw]) -> list[Whom]:
    told = _per_message(group, texts, whom)
    for row, who in enumerate(told):
        if who is WITHIN:
            contained, known = group.resources[row].contained, group.contexts[row].known
            told[row] = whom_within(bytes(texts[row]), contained, known.naming)
    return told


def _per_message(
    group: Group[Resource], texts: Sequence[Raw], resolve: Callable[[bytes, Neighbours], T]
) -> list[T]:
    """What each text leads to among the neighbours of its own message."""
    context: Context | None = None
    remembered: dict[bytes, T] = {}
    told: list[T] = []
    for raw, around in zip(texts, group.contexts, strict=True):
        if around is not context:
            context, remembered = around, {}
        text = bytes(raw)
        if text not in remembered:
            remembered[text] = resolve(text, around.known)
        told.append(remembered[text])
    return told
