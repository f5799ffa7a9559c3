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
from clinical.wire.hl7.identifiers import AUTHORITY, Identifier, identifiers
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.text import Positions, taken
from clinical.wire.profile import RECORD_NUMBERS, FeedProfile, VisitNumber

PID_FORMER, PID_LIST, PID_ACCOUNT, PV1_VISIT = 2, 3, 18, 19
PID_DECEASED = 30
# What is read of PV1 at all.
PV1_FIELDS = 2, 50
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
        names = "facility", "patient_id", "encounter_id"
        columns = self.facility, self.patient_id, self.encounter_id
        if rows.at is not self.pid.at:
            row = taken(self.of_segment, pa.array(rows.at))
            columns = tuple(taken(column, row) for column in columns)
        return {"message": pa.array(rows.message), **dict(zip(names, columns, strict=True))}

    def visits(self, pv1: Rows) -> pa.Array:
        """The visit number of each of these PV1, from where the feed has it."""
        kind, _, number = self.visit_number.partition("-")
        if kind == "PV1":
            return pv1.text(int(number))
        return taken(self.encounter_id, taken(self.of_segment, pa.array(pv1.at)))


def subjects(index: Index, known: Header, profile: FeedProfile) -> Subjects:
    """Read the patient identifiers and visit numbers of a group."""
    pid = index.rows("PID")
    pid.together(PID_FORMER, PID_DECEASED)
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
        of_segment=_patients(index, pid),
        unnamed_facility=unnamed,
    )


def judge(found: Subjects, index: Index, verdicts: Verdicts) -> None:
    """Reject messages about nobody, and those with a patient who cannot be told."""
    verdicts.reject(np.bincount(found.pid.message, minlength=index.messages) == 0, "no_pid")
    nobody = found.pid.message[found.patient_id.is_null().to_numpy(zero_copy_only=False)]
    verdicts.reject(np.bincount(nobody, minlength=index.messages) > 0, "no_patient")


def _patients(index: Index, pid: Rows) -> pa.Array:
    """The PID row each segment stands under; before the first, that one."""
    if pid.is_one_each():
        return pa.array(index.message)
    above = index.latest("PID")
    under = np.where(above >= 0, above, index.coming("PID")) if (above < 0).any() else above
    return pid.link(under)


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
    pv1.together(*PV1_FIELDS)
    found = pv1.text(int(number))
    if pid.is_one_each() and pv1.is_one_each() and (pv1.at > pid.at).all():
        return found
    return taken(found, pv1.link(_visits(index, pid)))


def _identities(pid: Rows, kinds: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """Patient identifier and assigning authority of each PID."""
    value, authority = _first_identities(pid, PID_LIST, kinds)
    if not value.null_count:
        return value, authority
    former, former_authority = _first_identities(pid, PID_FORMER, kinds)
    use_former = value.is_null()
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


def _first_identities(pid: Rows, field: int, kinds: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    delimiters = pid.index.delimiters
    if not any(pid.holds(field, one) for one in (delimiters.repetition, delimiters.subcomponent)):
        return pid.common(field, 1), pid.common(field, AUTHORITY)
    cells = pid.cells(field)
    first = [_first(text, delimiters, tuple(kinds)) for text in cells.distinct]
    return (
        cells.spread([found.value if found else None for found in first], pa.string()),
        cells.spread([found.authority or None if found else None for found in first], pa.string()),
    )
