"""How well alerts announce outcomes.

Here: sensitivity, positive predictive value and lead time. Times of alerts are those of knowledge
(`raised_at`): an alert cannot announce what was documented later.

* **Window**: an alert announces an outcome of its patient when it is raised no earlier than `early`
  before it and no later than `late` after it. 12 h and 3 h are the bounds within which the
  PhysioNet/CinC 2019 utility rewards a prediction (Reyna et al., Crit Care Med 2020,
  doi 10.1097/CCM.0000000000004145).
* **Sensitivity**: outcomes announced by at least one alert, of all outcomes.
* **PPV**: alerts that announce an outcome, of all alerts; `ppv_stays`: patients with an alert at
  any time who have the outcome at any time, of all patients with an alert.
* **Lead**: hours from the first announcing alert to the outcome; negative where the alert came
  after it. Only announced outcomes have one.

Alerts that a context suppressed reached nobody and count nowhere here.
"""

from dataclasses import dataclass

import numpy as np

from clinical.evaluation.occurrences import Occurrences, bounds, hours_between
from clinical.evaluation.proportions import Proportion, Spread, spread
from clinical.evaluation.utility import EARLY, LATE
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR


@dataclass(frozen=True, slots=True)
class Window:
    """How long before (`early`) and after (`late`) an outcome an alert may be; microseconds."""

    early: int = -EARLY * HOUR
    late: int = LATE * HOUR


@dataclass(frozen=True, slots=True)
class Performance:
    """What alerts did for one kind of outcome."""

    sensitivity: Proportion
    ppv: Proportion
    ppv_stays: Proportion
    lead_hours: Spread


WINDOW = Window()


def performance(alerts: Occurrences, outcomes: Occurrences, window: Window = WINDOW) -> Performance:
    """Hold alerts against outcomes of the same patients."""
    first, last = bounds(
        alerts, outcomes.patient, outcomes.at - window.early, outcomes.at + window.late
    )
    announced = last > first
    nearest, beyond = bounds(
        outcomes, alerts.patient, alerts.at - window.late, alerts.at + window.early
    )
    lead = hours_between(alerts.at[first[announced]], outcomes.at[announced])
    alerted = np.unique(alerts.patient)
    return Performance(
        Proportion(int(announced.sum()), len(outcomes)),
        Proportion(int((beyond > nearest).sum()), len(alerts)),
        Proportion(int(np.isin(alerted, outcomes.patient).sum()), len(alerted)),
        spread(lead),
    )


def lead_to_first(alerts: Occurrences, events: Occurrences) -> Spread:
    """Hours from a patient's first alert to the first event, of patients who have both.

    Negative where the event came first: an antibiotic that was begun before the alert.
    """
    ours, theirs = alerts.firsts(), events.firsts()
    _, mine, its = np.intersect1d(ours.patient, theirs.patient, return_indices=True)
    return spread(hours_between(ours.at[mine], theirs.at[its]))
