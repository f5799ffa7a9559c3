"""Every patient of a chunk judged: facts and hourly SOFA in, rows of the batch tables out.

Here: which visits are judged, and results as Arrow tables. Not here: any rule (suspicion.py,
sepsis3.py, septic_shock.py, adult_sepsis_event.py), or where tables are stored (lakehouse).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

import pyarrow as pa

from clinical.adjudication.adult_sepsis_event import event, is_under_age
from clinical.adjudication.evidence import (
    Evidence,
    Measured,
    Patient,
    Values,
    evidence,
    local,
    measured,
)
from clinical.adjudication.organ_dysfunction import VALUES, VARIANTS, Visit
from clinical.adjudication.rows import (
    EVENTS,
    ONSETS,
    SHOCKS,
    SUSPECTED,
    UTC,
    Row,
    event_row,
    onset_row,
    shock_row,
    suspicion_row,
)
from clinical.adjudication.sepsis3 import READINGS, Onset, onsets
from clinical.adjudication.septic_shock import LACTATE, shock
from clinical.adjudication.sofa import SofaHours
from clinical.adjudication.suspicion import CHOICES, suspected
from clinical.concepts import CONCEPTS

# Of every chunk's facts, the observations that are looked at beside SOFA's.
VENTILATOR = CONCEPTS["oxygen_device"].answers["ventilator"]
COMFORT_CARE = CONCEPTS["code_status"].answers["comfort_care"]
_DEVICE, _STATUS = "oxygen_device", "code_status"
_RENAL = "end_stage_renal_disease"
READ = (*VALUES, _DEVICE, _STATUS, _RENAL)


Place = tuple[Patient, str | None]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of patients and visits beside their facts of infection and of organs.

    `ended_early` is when death, hospice or transfer ended a visit; `raised` when the stream raised
    suspected sepsis in it, in order.
    """

    born: Mapping[Patient, date] = field(default_factory=dict)
    ended_early: Mapping[Place, int] = field(default_factory=dict)
    raised: Mapping[Place, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The rows of the four tables."""

    suspected_infections: pa.Table
    sepsis_onsets: pa.Table
    septic_shock: pa.Table
    adult_sepsis_events: pa.Table


def judge(
    facts: Mapping[str, pa.Table],
    sofa: pa.Table,
    zone: ZoneInfo,
    circumstances: Circumstances | None = None,
) -> Judgement:
    """Judge every patient of whom a culture or an antibiotic stands.

    Args:
        facts: `order_events`, `medication_events`, `observations` and `diagnoses` of whole
            patients, as the lake has them, in order of arrival.
        sofa: One row per hour, with the columns facility, patient_id, hour_at, variant, total and
            known_at; hours in which nothing is known are left out.
        zone: The hospital's, which days are of.
        circumstances: What ended visits early, what the stream raised, and who is under age.
    """
    bench = _Bench(
        zone,
        sofa_hours(sofa),
        measured(facts, READ),
        circumstances or Circumstances(),
    )
    for patient, found in sorted(evidence(facts, zone).items(), key=lambda one: str(one[0])):
        if found.cultures or found.antibiotics:
            bench.judge(patient, found)
    return Judgement(
        pa.Table.from_pylist(bench.suspected, SUSPECTED),
        pa.Table.from_pylist(bench.onsets, ONSETS),
        pa.Table.from_pylist(bench.shocks, SHOCKS),
        pa.Table.from_pylist(bench.events, EVENTS),
    )


def sepsis_onsets(
    facts: Mapping[str, pa.Table], sofa: pa.Table, zone: ZoneInfo | None = None
) -> pa.Table:
    """The onsets alone, as `judge` gives them, in every variant."""
    return judge(facts, sofa, zone or ZoneInfo("UTC")).sepsis_onsets


def sofa_hours(sofa: pa.Table) -> Mapping[tuple[Patient, str], SofaHours]:
    """A table of totals as one row of hours per patient and variant."""
    columns = [sofa[name] for name in ("facility", "patient_id", "variant", "total")]
    times = [sofa[name].cast(UTC).cast(pa.int64()) for name in ("hour_at", "known_at")]
    listed = (column.to_pylist() for column in (*columns, *times))
    found: dict[tuple[Patient, str], dict[int, tuple[int, int]]] = defaultdict(dict)
    for facility, patient, variant, total, at, known in zip(*listed, strict=True):
        found[(facility, patient), variant][at] = (total, known)
    return {key: SofaHours.of(hours) for key, hours in found.items()}


_NO_HOURS = SofaHours.of({})


class _Bench:
    """Patients judged one after the other, and the rows that this gave."""

    def __init__(
        self,
        zone: ZoneInfo,
        hours: Mapping[tuple[Patient, str], SofaHours],
        values: Mapping[Patient, Values],
        about: Circumstances,
    ) -> None:
        self._zone, self._hours, self._values, self._about = zone, hours, values, about
        self.suspected: list[Row] = []
        self.onsets: list[Row] = []
        self.shocks: list[Row] = []
        self.events: list[Row] = []

    def judge(self, patient: Patient, found: Evidence) -> None:
        """Judge one patient's visits in every reading."""
        who = {"facility": patient[0], "patient_id": patient[1]}
        values, visits = self._values.get(patient, {}), _visits(found)
        for variant, reading in READINGS.items():
            judged = suspected(found, CHOICES[variant], self._zone)
            for number, one in enumerate(judged.suspicions, 1):
                self.suspected.append(who | suspicion_row(one, number))
            totals = self._hours.get((patient, reading.sofa), _NO_HOURS)
            for found_onset in onsets(judged, totals, reading, visits):
                onset = self._aged(found_onset, patient)
                raised = self._about.raised.get((patient, onset.encounter), ())
                self.onsets.append(who | onset_row(onset, raised))
                shocked = shock(onset, found.vasopressors, values.get(LACTATE, []))
                self.shocks.append(who | shock_row(shocked))
        for visit in _stays(patient, found, values, visits, self._about):
            told = (event(visit, self._zone, variant) for variant in VARIANTS)
            self.events += [who | event_row(one) for one in told]

    def _aged(self, onset: Onset, patient: Patient) -> Onset:
        """An onset that has no SOFA for want of age says so: SOFA does not apply to children."""
        if onset.reason != "no_sofa" or onset.suspicion is None:
            return onset
        on = local(onset.suspicion.at, self._zone).date()
        if is_under_age(self._about.born.get(patient), on):
            return replace(onset, reason="under_age")
        return onset


def _visits(found: Evidence) -> list[str | None]:
    """The visits of the patient's cultures and antibiotics, oldest first."""
    seen = [(one.at, one.source, one.encounter) for one in found.cultures]
    seen += [(one.at, one.source, one.encounter) for one in found.antibiotics]
    seen.sort(key=lambda one: one[:2])
    return list(dict.fromkeys(visit for _, _, visit in seen))


def _stays(
    patient: Patient,
    found: Evidence,
    values: Values,
    visits: Iterable[str | None],
    about: Circumstances,
) -> Iterator[Visit]:
    for visit in visits:
        told = {concept: _of(visit, rows) for concept, rows in values.items()}
        comfort = [one.at for one in told.get(_STATUS, ()) if one.value == COMFORT_CARE]
        ended = [*comfort, *([at] if (at := about.ended_early.get((patient, visit))) else [])]
        yield Visit(
            visit,
            [one for one in found.cultures if one.encounter == visit],
            [one for one in found.antibiotics if one.encounter == visit],
            [one for one in found.vasopressors if one.encounter == visit],
            {concept: told.get(concept, []) for concept in VALUES},
            [one for one in told.get(_DEVICE, ()) if one.value == VENTILATOR],
            min(ended, default=None),
            bool(values.get(_RENAL)),
            about.born.get(patient),
        )


def _of(visit: str | None, rows: Iterable[Measured]) -> list[Measured]:
    return [one for one in rows if one.encounter == visit]
