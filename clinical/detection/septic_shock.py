"""Septic shock: suspected infection, a vasopressor running, and lactate above 2 mmol/L.

Source: Singer et al., JAMA 2016;315:801: a vasopressor is needed to keep the mean pressure at 65
mmHg or more, and lactate is above 2 mmol/L (18 mg/dL), in the absence of hypovolaemia. That the
vasopressor is needed for it, and that fluid was given, no message says: who reads the alert judges.

A vasopressor runs while the newest rate of one of them that has begun is above 0. Of a patient of
whom no rate is known, a vasopressor ordered or given within 24 h counts. [P]
"""

import numpy as np
from numpy.typing import NDArray

from clinical.detection.begun import begun
from clinical.detection.finding import Band, Family, Finding, Quoted, Scores, ranked
from clinical.detection.sepsis import INFECTION, suspicion
from clinical.normalise.infusions import INFUSIONS
from clinical.normalise.medications import MEDICATIONS
from clinical.scoring.engine import Moments
from clinical.scoring.panel import Readings
from clinical.scoring.validity import MICROSECONDS_PER_HOUR

HIGHEST_NORMAL_LACTATE = 2.0  # mmol/L
# Longer takes a vasopressor of yesterday's theatre for one that runs.
ORDER_COUNTS = 24 * MICROSECONDS_PER_HOUR

Named = tuple[str, Readings]

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
    suspected, infection = suspicion(moments)
    runs, rates = vasopressor_runs(moments)
    band = ranked(due & shocked & runs & suspected)
    readings = (*infection, ("lactate", lactate), *rates)
    return [Finding(NAME, BANDS, band, rests_on, lambda: Quoted(readings=readings))]


def vasopressor_runs(moments: Moments) -> tuple[NDArray[np.bool_], tuple[Named, ...]]:
    """Whether any vasopressor runs now, and what says so.

    The end of an infusion is mostly told with its start: a rate dated ahead has not begun.
    """
    named = tuple((name, begun(moments, name)) for name in (VASOPRESSOR, *RATES))
    (_, order), *rates = named
    runs = np.logical_or.reduce([one.current & (one.value > 0) for _, one in rates])
    any_rate = [moments.panel[name] for name in RATES]
    told = np.logical_or.reduce([one.current | one.stale for one in any_rate])
    ordered = order.current & (moments.now - order.effective <= ORDER_COUNTS)
    running: NDArray[np.bool_] = runs | (ordered & ~told)
    return running, named


FAMILY = Family(NAME, BANDS, find)
