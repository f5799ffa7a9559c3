"""The figures of one rule family, over all units and on each.

Here: what is reported of a family, put together from the metrics of this room. Not here: the
metrics themselves.

Unit of analysis: the alert as it was sent (suppressed ones are counted apart and count nowhere
else), on the unit that it names; an outcome belongs to the unit on which the patient lay when it
came; a patient-day to the unit on which it was spent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from clinical.evaluation.alert_load import Load, load, shift_starts
from clinical.evaluation.occurrences import Bools, Ints, Occurrences, bounds, occurrences
from clinical.evaluation.performance import Performance, lead_to_first, performance
from clinical.evaluation.proportions import Proportion, Spread, spread
from clinical.evaluation.stays import UNKNOWN_UNIT, Stays

ALL = "all"
Words = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alerts in columns: whose, when known, on which unit, and what is told of them."""

    patient: Ints
    at: Ints
    family: Words
    unit: Words
    rule: Words
    band: Ints
    suppressed: Bools
    hours_before_batch: NDArray[np.float64]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.patient)

    def chosen(self, which: Bools) -> "Alerts":
        """Some of them."""
        return Alerts(*(getattr(self, name)[which] for name in self.__slots__))

    @property
    def times(self) -> Occurrences:
        """When they were raised."""
        return occurrences(self.patient, self.at)


@dataclass(frozen=True, slots=True)
class Background:
    """What a family's alerts are held against.

    `outcome` is None where the family announces nothing that the facts tell of; `last` is the end
    of the period.
    """

    stays: Stays
    outcome: Occurrences | None
    antibiotics: Occurrences
    first: int
    last: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """One family on one unit."""

    unit: str
    suppressed: int
    alerted_patients: int
    load: Load
    hours_before_batch: Spread
    lead_to_antibiotic: Spread
    performance: Performance | None

    def to_json(self) -> Mapping[str, Any]:
        """The stable form; null where the facts do not tell."""
        told = self.performance
        return {
            "alerts": self.load.alerts,
            "suppressed": self.suppressed,
            "alerted_patients": self.alerted_patients,
            "events": told.sensitivity.of if told else None,
            "detected": told.sensitivity.count if told else None,
            **_shares(told),
            "lead_to_outcome_hours": told.lead_hours.to_json() if told else None,
            "lead_to_antibiotic_hours": self.lead_to_antibiotic.to_json(),
            "patient_days": round(self.load.patient_days, 3),
            "alerts_per_100_patient_days": _rounded(self.load.per_100_patient_days),
            "hours_before_batch": self.hours_before_batch.to_json(),
            "per_shift": {
                "shifts": self.load.shifts,
                "mean": _rounded(self.load.mean),
                "p95": _rounded(self.load.p95),
                "highest": self.load.highest,
            },
        }


def units_of(alerts: Alerts, stays: Stays) -> list[str]:
    """All units together, then each by name."""
    return [ALL, *sorted({*alerts.unit.tolist(), *stays.unit})]


def figures(alerts: Alerts, around: Background) -> list[UnitFigures]:
    """One family's figures, over all units and on each."""
    lay = np.array(around.stays.unit, np.str_)
    outcome = around.outcome
    came = None if outcome is None else unit_at(around.stays, outcome)
    found = []
    for unit in units_of(alerts, around.stays):
        every = unit == ALL
        chosen = alerts if every else alerts.chosen(alerts.unit == unit)
        here = np.ones(len(lay), np.bool_) if every else lay == unit
        events = (
            outcome if every or outcome is None or came is None else outcome.chosen(came == unit)
        )
        found.append(_on(unit, chosen, here, events, around))
    return found


def _on(
    unit: str, alerts: Alerts, here: Bools, outcome: Occurrences | None, around: Background
) -> UnitFigures:
    sent = alerts.chosen(~alerts.suppressed)
    shifts = shift_starts(around.first, around.last, around.zone)
    stays = around.stays
    return UnitFigures(
        unit,
        int(alerts.suppressed.sum()),
        len(np.unique(sent.patient)),
        load(sent.at, stays.begins[here], stays.ends[here], shifts),
        spread(sent.hours_before_batch),
        lead_to_first(sent.times, around.antibiotics),
        None if outcome is None else performance(sent.times, outcome),
    )


def unit_at(stays: Stays, when: Occurrences) -> Words:
    """The unit on which a patient lay at a time: that of the latest stay that had begun."""
    order = np.lexsort((stays.begins, stays.patient))
    begun = Occurrences(stays.patient[order], stays.begins[order])
    names = np.array([*np.array(stays.unit, np.str_)[order], UNKNOWN_UNIT], np.str_)
    never = np.full(len(when), np.iinfo(np.int64).min)
    first, beyond = bounds(begun, when.patient, never, when.at)
    units: Words = names[np.where(beyond > first, beyond - 1, len(names) - 1)]
    return units


def _shares(told: Performance | None) -> Mapping[str, Any]:
    names = ("sensitivity", "ppv", "ppv_stays")
    shares: dict[str, Any] = {}
    for name in names:
        share: Proportion | None = getattr(told, name) if told else None
        shares[name] = _rounded(share.share) if share else None
        shares[f"{name}_interval"] = _pair(share.interval) if share else None
    return shares


def _pair(interval: tuple[float, float] | None) -> Sequence[float] | None:
    return None if interval is None else [round(one, 4) for one in interval]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
