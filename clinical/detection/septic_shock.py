"""Septic shock: suspected infection, a vasopressor running, and lactate above 2 mmol/L.

Source: Singer et al., JAMA 2016;315:801: a vasopressor is needed to keep the mean pressure at 65
mmHg or more, and lactate is above 2 mmol/L (18 mg/dL), in the absence of hypovolaemia. That the
vasopressor is needed for it, and that fluid was given, no message says: who reads the alert judges.

A vasopressor runs while the newest rate of one of them is above 0. Of a patient of whom no rate is
known, a vasopressor ordered or given within 24 h counts. [P]
"""

import numpy as np
from numpy.typing import NDArray

from clinical.detection.finding import Band, Family, Finding, Scores, ranked
from clinical.detection.sepsis import INFECTION, infection_suspected
from clinical.normalise.infusions import INFUSIONS
from clinical.normalise.medications import MEDICATIONS
from clinical.scoring.engine import Moments
from clinical.scoring.validity import MICROSECONDS_PER_HOUR

HIGHEST_NORMAL_LACTATE = 2.0  # mmol/L
# Longer takes a vasopressor of yesterday's theatre for one that runs.
ORDER_COUNTS = 24 * MICROSECONDS_PER_HOUR

VASOPRESSOR = "vasopressor"
_INGREDIENTS = {one.ingredient for one in MEDICATIONS if one.medication_class == VASOPRESSOR}
RATES = tuple(
    concept
    for infusion in INFUSIONS
    if infusion.ingredient in _INGREDIENTS
    for concept in infusion.concepts.values()
)

NAME = "septic_shock"
BANDS = {
    1: Band(
        "septic_shock",
        "critical",
        "Suspected septic shock: infection evidence, a vasopressor and lactate above 2 mmol/L",
    )
}


def find(moments: Moments, _scores: Scores) -> list[Finding]:
    """Septic shock wherever evidence of infection, a vasopressor or lactate changed."""
    rests_on = (*INFECTION, "lactate", VASOPRESSOR, *RATES)
    due = moments.touched(rests_on)
    if not (due.any() or moments.withdrawn(rests_on).any()):
        return []
    lactate = moments.panel["lactate"]
    shocked = lactate.current & (lactate.value > HIGHEST_NORMAL_LACTATE)
    band = ranked(due & shocked & vasopressor_runs(moments) & infection_suspected(moments))
    inputs = (*INFECTION, "lactate", VASOPRESSOR, *RATES)
    return [Finding(NAME, BANDS, band, rests_on, inputs=inputs)]


def vasopressor_runs(moments: Moments) -> NDArray[np.bool_]:
    """Whether any vasopressor runs now."""
    rates = [moments.panel[name] for name in RATES]
    runs = np.logical_or.reduce([one.current & (one.value > 0) for one in rates])
    told = np.logical_or.reduce([one.current | one.stale for one in rates])
    order = moments.panel[VASOPRESSOR]
    ordered = order.current & (moments.now - order.effective <= ORDER_COUNTS)
    running: NDArray[np.bool_] = runs | (ordered & ~told)
    return running


FAMILY = Family(NAME, BANDS, find)
