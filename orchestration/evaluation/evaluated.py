"""An evaluation: the figures of one version of the rules over a set of facts.

Here: putting the metrics of clinical/evaluation together, and their stable form. Not here: the
metrics, or how figures are shown (charts.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from clinical.evaluation import labelled
from clinical.evaluation.calibration import BandOutcomes, calibration, followed
from clinical.evaluation.comparing import Difference, Sent, counted, differences
from clinical.evaluation.families import Background, UnitFigures, figures
from clinical.evaluation.occurrences import Bools, Occurrences
from clinical.evaluation.outcomes import ANNOUNCES, ANTIBIOTIC, SEPSIS_ONSET
from clinical.evaluation.people import NOBODY
from orchestration.evaluation.chunks import Period
from orchestration.evaluation.gathering import Gathered
from orchestration.evaluation.running import Run

DEFINITIONS: Mapping[str, str] = {
    "sensitivity": "Outcomes with an alert from 12 h before to 3 h after them, of all outcomes.",
    "ppv": "Alerts with such an outcome, of all alerts sent.",
    "ppv_stays": "Alerted patients who have the outcome at any time, of all alerted patients.",
    "lead_to_outcome_hours": "From the first such alert (raised_at) to the outcome.",
    "lead_to_antibiotic_hours": "From a patient's first alert to the first antibiotic.",
    "alerts_per_100_patient_days": "Alerts sent per 100 days that patients spent on the unit.",
    "hours_before_batch": "From the alert to the nightly job that would have seen the same facts.",
    "per_shift": "Alerts in each 12-hour shift (07:00, 19:00) with a patient on the unit.",
    "utility": "PhysioNet/CinC 2019 utility of hourly predictions: 1 where the detection holds.",
    "news2_calibration": "Patient-hours by NEWS2 band, and how many an outcome followed in 24 h.",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one version of the rules did, by family and unit."""

    run: Run
    period: Period
    onset: str | None
    patients: int
    stays: int
    patient_days: float
    families: Mapping[str, Sequence[UnitFigures]]
    utility: Mapping[str, Mapping[str, Any]]
    scores: Mapping[str, Mapping[str, Any]]
    news2: Sequence[BandOutcomes]

    def to_json(self) -> dict[str, Any]:
        """The stable form; nothing in it tells of one patient."""
        return {
            "from": self.period.since,
            "to": self.period.until,
            "rules": {"name": self.run.rules, "rules_version": self.run.rules_version},
            "onset": self.onset,
            "patients": self.patients,
            "stays": self.stays,
            "patient_days": round(self.patient_days, 3),
            "observations": self.run.observations,
            "seconds_in_shards": round(self.run.seconds, 2),
            "definitions": DEFINITIONS,
            "families": {
                name: {
                    "reference": ANNOUNCES.get(name),
                    "units": {one.unit: one.to_json() for one in found},
                    "utility": self.utility.get(name),
                }
                for name, found in self.families.items()
            },
            "scores": self.scores,
            "news2_calibration": [_band_json(one) for one in self.news2],
        }


def evaluated(
    found: Gathered,
    run: Run,
    period: Period,
    zone: ZoneInfo,
    onsets: tuple[str, Occurrences] | None,
) -> Evaluation:
    """The figures of what was gathered, within a period.

    Args:
        found: What one version found.
        run: How it was found.
        period: Alerts, stays and outcomes outside of it do not count.
        zone: The hospital's clock, for shifts.
        onsets: Adjudicated onsets of sepsis and their name; labelled hours bring their own.
    """
    first, last = (instant(one) for one in (period.since, period.until))
    named = _onsets(found, onsets)
    known = dict(found.outcomes)
    if named:
        known[SEPSIS_ONSET] = named[1]
    # An outcome that these facts never tell of is not known; it is not an outcome that never came.
    told = {name for name, one in known.items() if len(one) or (named and name == SEPSIS_ONSET)}
    known = {name: _within(one, first, last) for name, one in known.items()}
    stays = found.stays.within(first, last)
    alerts = found.alerts.chosen((found.alerts.at >= first) & (found.alerts.at < last))

    # What announces an outcome comes first: of the rest there are only counts.
    names = sorted(found.families, key=lambda name: (name not in ANNOUNCES, name))

    def around(family: str) -> Background:
        announced = ANNOUNCES.get(family, "")
        outcome = known[announced] if announced in told else None
        return Background(stays, outcome, known[ANTIBIOTIC], first, last, zone)

    return Evaluation(
        run,
        period,
        named[0] if named else None,
        len(found.names),
        len(np.unique(stays.visit)),
        float((stays.ends - stays.begins).sum()) * 1e-6 / 86_400,
        {name: figures(alerts.chosen(alerts.family == name), around(name)) for name in names},
        {
            name: labelled.of_family(found.hours, band)
            for name, band in found.standing.items()
            if name in ANNOUNCES
        },
        {name: labelled.of_score(found.hours, value) for name, value in found.values.items()},
        _calibrated(found, known, first, last),
    )


def _onsets(
    found: Gathered, onsets: tuple[str, Occurrences] | None
) -> tuple[str, Occurrences] | None:
    return ("labels", found.hours.onsets) if len(found.hours) else onsets


def _within(one: Occurrences, first: int, last: int) -> Occurrences:
    return one.chosen((one.at >= first) & (one.at < last) & (one.patient != NOBODY))


def _calibrated(
    found: Gathered, known: Mapping[str, Occurrences], first: int, last: int
) -> list[BandOutcomes]:
    """Outcomes after each NEWS2 band, of those outcomes that happened at all."""
    inside: Bools = (found.news2.at >= first) & (found.news2.at < last)
    rows = found.news2.chosen(inside)
    follows = {
        name: followed(rows, one) for name, one in known.items() if len(one) and name != ANTIBIOTIC
    }
    return calibration(found.news2_band[inside], follows)


def compared(new: Gathered, against: Gathered, period: Period) -> list[Difference]:
    """Two versions' alerts, sent within the period, patient by patient."""
    return differences(*(sent(one, period) for one in (new, against)))


def sent(found: Gathered, period: Period) -> list[Sent]:
    """The alerts that were sent within the period, as they are compared."""
    first, last = (instant(one) for one in (period.since, period.until))
    alerts = found.alerts
    kept = alerts.chosen((alerts.at >= first) & (alerts.at < last) & ~alerts.suppressed)
    columns = (kept.patient, kept.family, kept.at, kept.band, kept.rule)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Sent(found.names[who], family, at, band, rule) for who, family, at, band, rule in rows]


def comparison_json(found: Sequence[Difference]) -> dict[str, Any]:
    """Counts of differences by family, and how far shifted alerts moved."""
    return {
        family: {
            **kinds,
            "changed_band": sum(one.changes_band for one in found if one.family == family),
            "median_minutes": _median(
                [one.minutes for one in found if one.family == family and one.minutes]
            ),
        }
        for family, kinds in counted(found).items()
    }


def _median(minutes: Sequence[float | None]) -> float | None:
    known = [one for one in minutes if one is not None]
    return float(np.median(known)) if known else None


def instant(moment: datetime) -> int:
    """A moment in microseconds UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def _band_json(one: BandOutcomes) -> dict[str, Any]:
    return {
        "band": one.band,
        "hours": one.hours,
        "outcomes": {
            name: {"n": share.count, "share": share.share, "interval": share.interval}
            for name, share in one.outcomes.items()
        },
    }
