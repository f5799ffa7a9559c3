"""Whom a fact is about: the patient and encounter of each PID segment.

Here: facility, patient and encounter of every PID, and which PID each segment stands under.
Not here: names and dates of birth (people.py).

A message may hold several patients: a fact belongs to the PID it stands under.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.header import Header
from clinical.wire.hl7.identifiers import Identifier, identifiers
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.text import Cells, Positions, component, has, taken
from clinical.wire.profile import RECORD_NUMBERS, FeedProfile, VisitNumber

PID_FORMER, PID_LIST, PID_ACCOUNT, PV1_VISIT = 2, 3, 18, 19
NOWHERE = "unknown"
# A longer list of identifiers is hardly one that comes again.
LONGEST_KEPT = 512


@dataclass(frozen=True, slots=True)
class Subjects:
    """One row per PID segment of a group, and the PID row of each segment (null without)."""

    pid: Rows
    facility: pa.Array
    patient_id: pa.Array
    encounter_id: pa.Array
    of_segment: pa.Array
    unnamed_facility: pa.Array  # what stands in where an identifier names no authority
    visit_number: VisitNumber = "PV1-19"
    patient_number: tuple[str, ...] = RECORD_NUMBERS

    def columns(self, rows: Rows) -> dict[str, pa.Array]:
        """The leading columns of facts that were read from these segments."""
        row = taken(self.of_segment, pa.array(rows.at))
        return {
            "message": pa.array(rows.message),
            "facility": taken(self.facility, row),
            "patient_id": taken(self.patient_id, row),
            "encounter_id": taken(self.encounter_id, row),
        }

    def visits(self, pv1: Rows) -> pa.Array:
        """The visit number of each of these PV1, from where the feed has it."""
        kind, _, number = self.visit_number.partition("-")
        if kind == "PV1":
            return pv1.text(int(number))
        return taken(self.encounter_id, taken(self.of_segment, pa.array(pv1.at)))


def subjects(index: Index, known: Header, profile: FeedProfile) -> Subjects:
    """Read the patient identifiers and visit numbers of a group."""
    pid = index.rows("PID")
    patient_id, authority = _identities(pid, profile.patient_number)
    sender = taken(known.facility, pa.array(pid.message))
    configured = pa.scalar(profile.facility or None, pa.string())
    unnamed = pc.coalesce(configured, sender, pa.scalar(NOWHERE))
    return Subjects(
        pid=pid,
        facility=pc.coalesce(authority, unnamed),
        patient_id=patient_id,
        encounter_id=_encounters(index, pid, profile.visit_number),
        visit_number=profile.visit_number,
        patient_number=profile.patient_number,
        of_segment=pid.link(_patients(index)),
        unnamed_facility=unnamed,
    )


def judge(found: Subjects, index: Index, verdicts: Verdicts) -> None:
    """Reject messages about nobody, and those with a patient who cannot be told."""
    verdicts.reject(np.bincount(found.pid.message, minlength=index.messages) == 0, "no_pid")
    nobody = found.pid.message[found.patient_id.is_null().to_numpy(zero_copy_only=False)]
    verdicts.reject(np.bincount(nobody, minlength=index.messages) > 0, "no_patient")


def _patients(index: Index) -> Positions:
    """The PID each segment stands under; before the first, that one."""
    above = index.latest("PID")
    return np.where(above >= 0, above, index.coming("PID")) if (above < 0).any() else above


def _visits(index: Index, pid: Rows) -> Positions:
    """The first PV1 under each PID."""
    visit = index.below(pid.at, "PV1")
    return np.where(index.above(visit, "PID") == pid.at, visit, -1)


def _encounters(index: Index, pid: Rows, place: VisitNumber) -> pa.Array:
    """The visit number of each PID, from where the feed has it."""
    kind, _, number = place.partition("-")
    if kind == "PID":
        return pid.text(int(number))
    pv1 = index.rows(kind)
    return taken(pv1.text(int(number)), pv1.link(_visits(index, pid)))


def _identities(pid: Rows, kinds: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """Patient identifier and assigning authority of each PID."""
    listed = pid.field(PID_LIST)
    value, authority = _first_identities(listed, pid, kinds)
    missing = value.is_null().to_numpy(zero_copy_only=False)
    if not missing.any():
        return value, authority
    former, former_authority = _first_identities(pid.field(PID_FORMER), pid, kinds)
    use_former = pa.array(missing)
    return (
        pc.if_else(use_former, former, value),
        pc.if_else(use_former, former_authority, authority),
    )


def _first(text: str, delimiters: Delimiters, kinds: tuple[str, ...]) -> Identifier | None:
    """The identifier a patient is known by; patients come again, so that it is kept a while."""
    if len(text) > LONGEST_KEPT:
        return next(iter(identifiers(text, delimiters, kinds)), None)
    return _kept(text, delimiters, kinds)


@lru_cache(maxsize=16_384)
def _kept(text: str, delimiters: Delimiters, kinds: tuple[str, ...]) -> Identifier | None:
    return next(iter(identifiers(text, delimiters, kinds)), None)


def _first_identities(
    field: pa.Array, pid: Rows, kinds: Sequence[str]
) -> tuple[pa.Array, pa.Array]:
    delimiters = pid.index.delimiters
    simple = not (has(field, delimiters.repetition) or has(field, delimiters.subcomponent))
    if simple:
        return component(field, delimiters, 1), component(field, delimiters, 4)
    cells = Cells(field.dictionary_encode())
    first = [_first(text, delimiters, tuple(kinds)) for text in cells.distinct]
    return (
        cells.spread([found.value if found else None for found in first], pa.string()),
        cells.spread([found.authority or None if found else None for found in first], pa.string()),
    )
