"""How scores do on hours with Sepsis-3 labels.

Here: figures of the sepsis points and of other scores on the same hours. Not here: the hours
(labelled_cohorts.py), areas and utility (clinical/evaluation).

* **Alert**: by the law of episodes, one in each stretch of hours at the limit, until none has been
  for 24 hours. No context lowers or suppresses any.
* **Warned**: at the limit in an hour that ended before the onset's hour did; in time when that was
  one of the last 12 before the onset.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from clinical.detection.episodes import Episodes, Held, Key
from clinical.detection.news2 import URGENT
from clinical.detection.sepsis import POSITIVE, SOFA_RISE
from clinical.detection.sepsis_risk import LONGEST_STAY
from clinical.evaluation.discrimination import discrimination
from clinical.evaluation.labelled import of_family, of_score
from clinical.evaluation.utility import EARLY
from clinical.scores.definition import Score
from clinical.scores.news2 import NEWS2
from clinical.scores.qsofa import QSOFA_GCS15
from clinical.scores.sepsis_points import SEPSIS_POINTS, WARNING
from clinical.scores.sirs import SIRS
from clinical.scores.sofa import SOFA
from clinical.scoring.columns import Assessed
from clinical.scoring.inputs import HOURS_IN_CARE
from docs.derivations.labelled_cohorts import Cohort
from docs.derivations.told_values import Bools, Floats, Ints, grid_of

SCORES: tuple[tuple[Score, int], ...] = (
    (SEPSIS_POINTS, WARNING),
    (NEWS2, URGENT),
    (QSOFA_GCS15, POSITIVE),
    (SIRS, POSITIVE),
    (SOFA, SOFA_RISE),
)
# With fewer septic stays an interval says nothing.
FEWEST, REPEATS, SEED = 10, 200, 2012
_HOURS_A_DAY, _DIGITS = 24, 4
Row = Mapping[str, Any]


def figures(cohort: Cohort, repeats: int = REPEATS) -> Row:
    """Everything that is said of a cohort."""
    hours = cohort.ended.astype(np.float64)
    grid = grid_of(cohort.told, cohort.stay, hours)
    found, onset = {}, cohort.onset
    sure = repeats if len(onset) >= FEWEST else 0
    for score, limit in SCORES:
        assessed = grid.assess(score)
        found[score.name] = _score(cohort, assessed, limit, sure)
        if score is SEPSIS_POINTS:
            cared_for = _points_of(assessed, HOURS_IN_CARE)
            rest = np.nan_to_num(assessed.observed) - cared_for
            found["hours_in_care_alone"] = _areas(cohort, cared_for, sure)
            found["sepsis_points_without_hours"] = _areas(cohort, rest, sure)
    return {
        "stays": len(np.unique(cohort.stay)),
        "hours": len(cohort.stay),
        "septic_stays": len(onset),
        "labelled_hours": int(cohort.label.sum()),
        "median_hour_of_onset": median(onset.values()) if onset else None,
        "scores": found,
    }


def _score(cohort: Cohort, assessed: Assessed, limit: int, repeats: int) -> Row:
    over = (assessed.observed >= limit) & (cohort.ended <= LONGEST_STAY)
    family = of_family(cohort.hours, over.astype(np.int64))
    return {
        **_areas(cohort, assessed.observed, repeats),
        "limit": limit,
        "utility": _round(family["normalised"]),
        "hourly_sensitivity": _round(family["hourly_sensitivity"]),
        "hourly_ppv": _round(family["hourly_ppv"]),
        **before_onset(cohort, over),
        "known": {part.parameter: _round(part.known.mean()) for part in assessed.components},
    }


def _points_of(assessed: Assessed, names: tuple[str, ...]) -> Floats:
    points = [
        part.points * part.known
        for part in assessed.components
        if part.parameter in names and part.points is not None
    ]
    total: Floats = np.sum(points, axis=0, dtype=np.float64)
    return total


def _areas(cohort: Cohort, value: Floats, repeats: int) -> Row:
    found = of_score(cohort.hours, value)
    areas = {name: _round(found[name]) for name in ("auroc", "auprc")}
    return {**areas, "auroc_interval": _interval(cohort, value, repeats)}


def _interval(cohort: Cohort, value: Floats, repeats: int) -> list[float] | None:
    """95 % of the areas when stays are drawn anew."""
    if not repeats:
        return None
    areas = list(_drawn(cohort, value, repeats))
    return [round(float(edge), _DIGITS) for edge in np.quantile(areas, [0.025, 0.975])]


def _drawn(cohort: Cohort, value: Floats, repeats: int) -> Iterator[float]:
    chance = np.random.default_rng(SEED)
    places = np.split(np.arange(len(value)), np.flatnonzero(np.diff(cohort.stay)) + 1)
    for _ in range(repeats):
        drawn = np.concatenate(
            [places[one] for one in chance.integers(0, len(places), len(places))]
        )
        area = discrimination(value[drawn], cohort.label[drawn]).auroc
        if area is not None:
            yield area


@dataclass(frozen=True, slots=True)
class _Before:
    """Hours before the onset at which a stay was over the limit."""

    ahead: Ints

    @property
    def in_time(self) -> bool:
        return bool((self.ahead <= -EARLY).any())


def before_onset(cohort: Cohort, over: Bools) -> Row:
    """Alerts of hours over a limit, and which septic stays they warned."""
    alerts = _alerts(cohort, over)
    befores = [_before(cohort, over, stay, hour) for stay, hour in cohort.onset.items()]
    warned = [one for one in befores if len(one.ahead)]
    septic = np.isin(cohort.stay[alerts], list(cohort.onset))
    days = len(cohort.stay) / _HOURS_A_DAY
    return {
        "alerts": len(alerts),
        "alerts_on_septic_stays": int(septic.sum()),
        "alerts_per_100_patient_days": round(100 * len(alerts) / days, 1),
        "stays_with_an_alert": len(np.unique(cohort.stay[alerts])),
        "septic_stays_warned": len(warned),
        "septic_stays_warned_in_time": sum(one.in_time for one in warned),
        "median_hours_ahead": median(int(one.ahead.max()) for one in warned) if warned else None,
    }


def _before(cohort: Cohort, over: Bools, stay: int, onset: int) -> _Before:
    ahead = onset - cohort.ended[over & (cohort.stay == stay)]
    return _Before(ahead[ahead > 0])


def _alerts(cohort: Cohort, over: Bools) -> list[int]:
    """Hours whose warning is an alert, by the law that the stream keeps."""
    keys = [Key(str(stay), "one", None) for stay in np.unique(cohort.stay).tolist()]
    at = np.flatnonzero(over)
    held = Held(cohort.stay[at], np.ones(len(at), np.int64), cohort.hours.at[at])
    return [place for place, _ in Episodes().observe(keys, held, at.tolist(), str)]


def _round(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), _DIGITS)
