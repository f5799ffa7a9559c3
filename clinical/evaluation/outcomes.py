"""What happened to patients: what alerts are held against.

Here: outcomes from facts, and which of them each rule family is meant to announce. Not here:
adjudicated onsets of sepsis (clinical/adjudication), nor labels of a challenge.

* **death**: the time of death, else the discharge with a disposition of HL7 table 0112 that says
  expired (20, 40 to 42) or that the sender writes as "expired" or "dead".
* **icu_transfer**: a stay on an intensive care unit that follows one on another unit in the same
  visit. Units are known by their names (ICU_NAMES; this project's choice).
* **ventilation**: the first time `oxygen_device` is a ventilator.
* **deterioration**: death or icu_transfer.
* **antibiotic**: the first systemic antibacterial begun; what a lead is measured to, not held
  against.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.concepts import CONCEPTS
from clinical.evaluation.occurrences import Bools, Occurrences, occurrences
from clinical.evaluation.people import People
from clinical.evaluation.stays import Stays
from clinical.normalise.courses import STARTS

SEPSIS_ONSET, DETERIORATION, VENTILATION = "sepsis_onset", "deterioration", "ventilation"
DEATH, ICU_TRANSFER, ANTIBIOTIC = "death", "icu_transfer", "antibiotic"
# What each rule family announces; a family that is not named is counted, and held against nothing.
ANNOUNCES: Mapping[str, str] = {
    "sepsis": SEPSIS_ONSET,
    "sepsis_risk": SEPSIS_ONSET,
    "septic_shock": SEPSIS_ONSET,
    "news2": DETERIORATION,
    "deterioration": DETERIORATION,
    "respiratory_failure": VENTILATION,
}
ICU_NAMES = ("ICU", "CCU", "CSRU", "ITU")
_EXPIRED = ("20", "40", "41", "42")
_EXPIRED_WORDS = "(?i)expired|dead|died"
_VENTILATOR = CONCEPTS["oxygen_device"].answers["ventilator"]

Facts = Mapping[str, pa.Table]


def outcomes(facts: Facts, people: People, stays: Stays) -> Mapping[str, Occurrences]:
    """Every outcome that these facts tell of, by name."""
    died, moved = _deaths(facts, people), _icu_transfers(stays)
    both = [
        np.concatenate([getattr(one, name) for one in (died, moved)]) for name in ("patient", "at")
    ]
    return {
        DEATH: died,
        ICU_TRANSFER: moved,
        DETERIORATION: occurrences(*both),
        VENTILATION: _ventilated(facts, people),
        ANTIBIOTIC: _antibiotics(facts, people),
    }


def is_intensive(unit: str) -> bool:
    """Whether a unit's name is one of intensive care."""
    return any(name in unit.upper() for name in ICU_NAMES)


def _none() -> Occurrences:
    return Occurrences(np.zeros(0, np.int64), np.zeros(0, np.int64))


def _deaths(facts: Facts, people: People) -> Occurrences:
    told = _none()
    if (rows := facts.get("patient_demographics")) is not None:
        told = people.occurrences(rows, "died_at")
    left = _none()
    if (rows := facts.get("encounter_events")) is not None:
        left = people.occurrences(rows, "event_at", _expired(rows))
    unknown = left.chosen(~np.isin(left.patient, told.patient))
    return occurrences(
        np.concatenate([told.patient, unknown.patient]), np.concatenate([told.at, unknown.at])
    ).firsts()


def _expired(rows: pa.Table) -> Bools:
    said = rows["discharge_disposition"].cast(pa.string()).fill_null("")
    coded = pc.is_in(said, pa.array(_EXPIRED))
    told = pc.match_substring_regex(said, _EXPIRED_WORDS)
    expired: Bools = pc.and_(pc.or_(coded, told), _equal(rows["event"], "discharge")).to_numpy(
        zero_copy_only=False
    )
    return expired


def _equal(column: pa.ChunkedArray, word: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(column.cast(pa.string()), word), fill_value=False)


def _icu_transfers(stays: Stays) -> Occurrences:
    intensive = np.array([is_intensive(unit) for unit in stays.unit], np.bool_)
    enters = np.zeros(len(intensive), np.bool_)
    enters[1:] = intensive[1:] & ~intensive[:-1] & (stays.visit[1:] == stays.visit[:-1])
    return occurrences(stays.patient[enters], stays.begins[enters])


def _ventilated(facts: Facts, people: People) -> Occurrences:
    rows = facts.get("observations")
    if rows is None:
        return _none()
    which = pc.and_(
        _equal(rows["concept"], "oxygen_device"),
        pc.and_(pc.fill_null(rows["is_scored"], fill_value=False), _is(rows["value"], _VENTILATOR)),
    )
    return people.occurrences(rows, "effective_at", which.to_numpy(zero_copy_only=False)).firsts()


def _is(column: pa.ChunkedArray, number: float) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(column, number), fill_value=False)


def _antibiotics(facts: Facts, people: People) -> Occurrences:
    rows = facts.get("medication_events")
    if rows is None:
        return _none()
    begun = pc.is_in(rows["event"].cast(pa.string()), pa.array(sorted(STARTS)))
    which = pc.and_(_equal(rows["concept"], "antibiotic"), begun)
    return people.occurrences(rows, "started_at", which.to_numpy(zero_copy_only=False)).firsts()
