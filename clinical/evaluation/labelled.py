"""Labelled hours, and how detections and scores do on them.

Here: the PhysioNet/CinC 2019 utility of each rule family, and areas under curves of each score.
Not here: the utility itself (utility.py), or labels of a file (pulsehouse/backtest_challenge.py).

* **Prediction of an hour**: 1 where the family's finding stands at the hour's end (held.py), also
  where it was no alert, since an episode alerts once; a context that suppresses changes nothing.
* **Value of an hour**: the score's last `observed` by the hour's end (missing counts as 0), no
  older than the look-back of vital signs.
* **Onset**: 6 hours after a stay's first labelled hour, as the challenge defines it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinical.evaluation.discrimination import Discrimination, discrimination
from clinical.evaluation.occurrences import Bools, Ints, Occurrences, occurrences
from clinical.evaluation.proportions import Proportion
from clinical.evaluation.utility import OPTIMAL, by_stay, utility
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class LabelledHours:
    """Hours of stays, one stay after the other: whose, when, and whether labelled."""

    stay: Ints
    at: Ints
    label: Bools

    def __len__(self) -> int:
        """How many hours there are."""
        return len(self.stay)

    @property
    def times(self) -> Occurrences:
        """The hours; a stay's lie together and in order."""
        return Occurrences(self.stay, self.at)

    @property
    def onsets(self) -> Occurrences:
        """When each labelled stay turned septic."""
        labelled = Occurrences(self.stay[self.label], self.at[self.label]).firsts()
        return occurrences(labelled.patient, labelled.at - OPTIMAL * HOUR)


def of_family(hours: LabelledHours, standing: Ints) -> Mapping[str, Any]:
    """Utility and hourly figures of one family's predictions."""
    stays = by_stay(hours.stay, hours.label)
    prediction = standing > 0
    found = utility(stays, prediction)
    warned, labelled = int(prediction.sum()), int(hours.label.sum())
    hit = int((prediction & hours.label).sum())
    return {
        "normalised": _known(found.normalised),
        "observed": round(float(found.observed.sum()), _DIGITS),
        "best": round(float(found.best.sum()), _DIGITS),
        "inaction": round(float(found.inaction.sum()), _DIGITS),
        "warned_hours": warned,
        "hourly_sensitivity": _known(Proportion(hit, labelled).share),
        "hourly_ppv": _known(Proportion(hit, warned).share),
        "curves": areas(discrimination(standing.astype(np.float64), hours.label)),
    }


def of_score(hours: LabelledHours, value: NDArray[np.float64]) -> Mapping[str, Any]:
    """Areas under the curves of one score."""
    return areas(discrimination(value, hours.label))


def areas(found: Discrimination) -> Mapping[str, Any]:
    """The stable form of areas."""
    return {
        "hours": found.hours,
        "labelled": found.positive,
        "auroc": _known(found.auroc),
        "auprc": _known(found.auprc),
    }


def _known(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(value, _DIGITS)
