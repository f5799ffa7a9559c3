"""Whether a higher NEWS2 band means more harm.

Here: outcomes within 24 h per NEWS2 response band. Not here: outcomes (outcomes.py).

* **Unit of analysis**: one hour of one patient in which NEWS2 was written; the last row of the hour
  counts, so that a patient who is measured often does not count more often.
* **Band**: RCP, NEWS2, London 2017, chart 4: 0; 1 to 4; 3 in one parameter; 5 or 6; 7 and more.
  Missing parameters count as 0, as in the alert.
* **Outcome within 24 h**: the outcome's time lies after the row's and no more than 24 h later. 24 h
  is the horizon of the score's derivation (Smith et al., Resuscitation 2013;84:465).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinical.detection.news2 import EMERGENCY, URGENT
from clinical.evaluation.occurrences import Bools, Ints, Occurrences, bounds
from clinical.evaluation.proportions import Proportion
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

BANDS = ("0", "1-4", "3 in one", "5-6", "7+")
HORIZON = 24 * HOUR


@dataclass(frozen=True, slots=True)
class BandOutcomes:
    """Patient-hours of one band, and how many of them an outcome followed."""

    band: str
    hours: int
    outcomes: Mapping[str, Proportion]


def band_of(observed: NDArray[np.float64], has_single_3: Bools) -> Ints:
    """Place in BANDS of each NEWS2."""
    conditions = [observed >= EMERGENCY, observed >= URGENT, has_single_3, observed > 0]
    places: Ints = np.select(conditions, (4, 3, 2, 1), 0)
    return places


def last_of_hour(patient: Ints, at: Ints) -> Ints:
    """Rows that are the last of their patient and hour; rows stand in order of knowledge."""
    hour = at // HOUR
    order = np.lexsort((np.arange(len(at)), hour, patient))
    last = np.ones(len(at), np.bool_)
    same = (patient[order][1:] == patient[order][:-1]) & (hour[order][1:] == hour[order][:-1])
    last[:-1] = ~same
    return np.sort(order[last])


def followed(rows: Occurrences, outcomes: Occurrences) -> Bools:
    """Rows after which the outcome came within the horizon."""
    first, last = bounds(outcomes, rows.patient, rows.at + 1, rows.at + HORIZON)
    return last > first


def calibration(band: Ints, follows: Mapping[str, Bools]) -> list[BandOutcomes]:
    """Per band the share of patient-hours that each outcome followed."""
    return [
        BandOutcomes(
            name,
            int((band == place).sum()),
            {
                outcome: Proportion(int(came[band == place].sum()), int((band == place).sum()))
                for outcome, came in follows.items()
            },
        )
        for place, name in enumerate(BANDS)
    ]
