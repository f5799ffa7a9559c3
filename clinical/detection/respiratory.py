"""Respiratory failure: low SpO2/FiO2 or PaO2/FiO2, high-flow oxygen that fails, rising need.

Hypoxaemia: the grades of the global definition of ARDS (Matthay et al., Am J Respir Crit Care Med
2024;209:37), whose S/F limits go back to Rice et al., Chest 2007;132:410. S/F speaks only at SpO2
of 97 % or less; P/F of a gas of the last 6 h, an older one tells of then. [P] The worse of the two
counts. A grade is one of oxygenation, not a diagnosis of ARDS. Mild hypoxaemia raises no
alert: it is met by any patient with 95 % on 30 % oxygen. [P]

ROX (Roca et al., Am J Respir Crit Care Med 2019;199:1368): below 2.85 from 2 h, 3.47 from 6 h and
3.85 from 12 h after the start of high-flow oxygen. Before 2 h it was not studied and says nothing.

Rising need: FiO2 up by 20 points over the lowest of 24 h, the step by which the CDC/NHSN
ventilator-associated event protocol calls oxygenation worse; that protocol waits two days, which an
alert cannot. [P] Where only flow is known, 5 L/min is the same step: a litre adds about 4 points.
Flow through high-flow, CPAP, BiPAP or a ventilator is not oxygen and does not count.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS
from clinical.context.columns import validity
from clinical.detection.finding import Band, Family, Finding, Quoted, Scores, nothing, ranked
from clinical.detection.rising import Rise, rise
from clinical.scores.bands import Bands
from clinical.scores.oxygenation import GRADES, PF_GRADE, ROX_CHECKPOINTS, SF_GRADE
from clinical.scores.ratios import PF_RATIO, ROX, SF_RATIO
from clinical.scoring.columns import Assessed, band
from clinical.scoring.engine import Moments
from clinical.scoring.inputs import AIR
from clinical.scoring.memory import CONCEPT_NUMBER
from clinical.scoring.panel import Readings
from clinical.scoring.validity import MICROSECONDS_PER_HOUR

Bools = NDArray[np.bool_]

MODERATE, SEVERE = GRADES.index("moderate"), GRADES.index("severe")
# Longer takes an old gas for how the patient breathes now.
GAS_COUNTS = 6 * MICROSECONDS_PER_HOUR
FIO2_RISE, FLOW_RISE = 20, 5  # points of per cent, L/min
RISE_WINDOW = 24 * MICROSECONDS_PER_HOUR
# Devices whose flow is not a flow of oxygen.
_DRIVEN = ("high_flow_nasal_cannula", "cpap", "bipap", "ventilator")
_DRIVEN_ANSWERS = [CONCEPTS["oxygen_device"].answers[name] for name in _DRIVEN]

NAME = "respiratory_failure"
BANDS = {
    1: Band("rising_oxygen_need", "medium", "Oxygen need is rising: FiO2 +20 points or +5 L/min"),
    2: Band("hypoxaemia_moderate", "high", "Respiratory failure: moderate hypoxaemia"),
    3: Band("hypoxaemia_severe", "critical", "Respiratory failure: severe hypoxaemia"),
    4: Band("rox_failure", "critical", "High-flow oxygen is failing: ROX below its limit"),
}
_RISING, _ROX_FAILURE = min(BANDS), max(BANDS)
RESTS_ON = tuple(dict.fromkeys((*ROX.inputs, *PF_RATIO.inputs, "oxygen_flow")))


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The respiratory band wherever an input of a ratio, or oxygen, changed."""
    told, _ = moments.heard_of(PF_RATIO.inputs)
    due = moments.touched(RESTS_ON) | told
    if not due.any():
        return nothing(NAME, BANDS, moments, RESTS_ON)
    rox, by_pulse, by_gas = (scores[one.name, one.variant] for one in (ROX, SF_RATIO, PF_RATIO))
    by_gas = _fresh(moments, by_gas)
    grade = np.maximum(_grade(by_pulse, SF_GRADE), _grade(by_gas, PF_GRADE))
    failing, started = _failing(moments, rox, due)
    fio2, flow = _rising(moments, due)
    needs_more = (fio2.by >= FIO2_RISE) | (flow.by >= FLOW_RISE)
    found = ranked(due & needs_more, due & (grade >= MODERATE), due & (grade >= SEVERE), failing)

    @cache
    def quoted() -> Quoted:
        is_rising = found == _RISING
        of_fio2 = _where(fio2.lowest, is_rising & (fio2.by >= FIO2_RISE))
        of_flow = _where(flow.lowest, is_rising & (flow.by >= FLOW_RISE))
        readings = (
            ("hours_on_high_flow", _where(started, found == _ROX_FAILURE)),
            ("fio2_lowest_of_24_h", of_fio2),
            ("oxygen_flow_lowest_of_24_h", of_flow),
        )
        return Quoted((by_pulse, by_gas, rox), ("fio2", "oxygen_flow"), readings)

    return [Finding(NAME, BANDS, found, RESTS_ON, quoted)]


def _fresh(moments: Moments, by_gas: Assessed) -> Assessed:
    """P/F that is silent where its gas is too old to count, so that nobody quotes it either."""
    fresh = moments.now - by_gas.components[0].reading.effective <= GAS_COUNTS
    return replace(by_gas, observed=np.where(fresh, by_gas.observed, np.nan))


def _grade(ratio: Assessed, grades: Bands) -> NDArray[np.int64]:
    return np.where(np.isnan(ratio.observed), 0, band(grades, ratio.observed))


def _failing(moments: Moments, rox: Assessed, due: Bools) -> tuple[Bools, Readings]:
    """Where ROX is below the limit of the hours on high flow, and these hours."""
    size = len(due)
    at = np.flatnonzero(due & ~np.isnan(rox.observed))
    on = validity("on_high_flow", moments, at)
    hours = np.where(on.holds, (moments.now[at] - on.since) / MICROSECONDS_PER_HOUR, 0.0)
    failing, blank = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    failing[at] = np.any(
        [(hours >= one.hours) & (rox.observed[at] < one.failure_below) for one in ROX_CHECKPOINTS],
        axis=0,
    )
    value, since, row = np.full(size, np.nan), np.zeros(size, np.int64), np.zeros(size, np.int64)
    value[at], since[at], row[at] = np.floor(hours * 10) / 10, on.since, on.row
    number = np.full(size, CONCEPT_NUMBER["oxygen_device"])
    return failing, Readings(failing, blank, value, since, row, number)


def _rising(moments: Moments, due: Bools) -> tuple[Rise, Rise]:
    """The rise of FiO2, and of flow where it is one of oxygen."""
    fio2, flow = moments.panel["fio2"], moments.panel["oxygen_flow"]
    device = moments.panel["oxygen_device"]
    driven = device.current & np.isin(device.value, _DRIVEN_ANSWERS)
    more = due & fio2.current & (fio2.value >= AIR["fio2"] + FIO2_RISE)
    poured = due & flow.current & ~driven & (flow.value >= AIR["oxygen_flow"] + FLOW_RISE)
    return (
        rise(moments, "fio2", more, RISE_WINDOW),
        rise(moments, "oxygen_flow", poured, RISE_WINDOW),
    )


def _where(reading: Readings, chosen: Bools) -> Readings:
    return replace(reading, current=reading.current & chosen)


FAMILY = Family(NAME, BANDS, find)
