"""Ratios: shock index, ROX, SpO2/FiO2 of current values, PaO2/FiO2 of a gas.

A ratio is a number only while its conditions hold; otherwise it is indeterminate and says why. FiO2
is in per cent, at least 21. SpO2 is paired with FiO2 within 2 hours (mimic-code's pairing of SpO2);
an arterial PaO2 with the newest FiO2 of the 4 hours up to it (mimic-code bg.sql), not with one set
after the gas.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS
from clinical.scores.definition import (
    Population,
    RatioScore,
    Requirement,
    WindowParameter,
    WindowScore,
)
from clinical.scores.oxygenation import HIGHEST_TELLING_SPO2

_ADULTS = Population(lowest_age=18)
_PAIRING_MINUTES = 120
_HIGH_FLOW = CONCEPTS["oxygen_device"].answers["high_flow_nasal_cannula"]
AIR_PER_CENT = 21

Numbers = TypeVar("Numbers", float, NDArray[np.float64])
Truth = bool | NDArray[np.bool_]


def _above_zero(value: Numbers) -> Truth:
    return value > 0


def _at_least_air(value: Numbers) -> Truth:
    return value >= AIR_PER_CENT


def _tells(spo2: Numbers) -> Truth:
    return spo2 <= HIGHEST_TELLING_SPO2


def _is_high_flow(device: Numbers) -> Truth:
    is_high_flow: Truth = device == _HIGH_FLOW
    return is_high_flow


def _shock_index(heart_rate: Numbers, systolic_bp: Numbers) -> Numbers:
    return heart_rate / systolic_bp


def _sf_ratio(spo2: Numbers, fio2: Numbers) -> Numbers:
    # In this order a ratio on a band's edge is exactly on it: 57 / (57 / 100) is above 100.
    return spo2 * 100 / fio2


def pf_ratio_of(pao2: Numbers, fio2: Numbers) -> Numbers:
    """PaO2 in mmHg over the inspired fraction, of per cent."""
    return pao2 * 100 / fio2


def _rox(spo2: Numbers, fio2: Numbers, respiratory_rate: Numbers, _device: Numbers) -> Numbers:
    return _sf_ratio(spo2, fio2) / respiratory_rate


SHOCK_INDEX = RatioScore(
    name="shock_index",
    variant="hr_over_sbp",
    inputs=("heart_rate", "systolic_bp"),
    formula=_shock_index,
    requires=(Requirement("systolic_bp", _above_zero, "systolic_bp_zero"),),
    paired=("heart_rate", "systolic_bp"),
    pairing_minutes=_PAIRING_MINUTES,
    population=_ADULTS,
    source="Allgöwer and Burri, Dtsch Med Wochenschr 1967;92:1947",
)
ROX = RatioScore(
    name="rox",
    variant="roca2019",
    inputs=("spo2", "fio2", "respiratory_rate", "oxygen_device"),
    formula=_rox,
    requires=(
        Requirement("oxygen_device", _is_high_flow, "not_on_high_flow"),
        Requirement("fio2", _at_least_air, "fio2_below_air"),
        Requirement("respiratory_rate", _above_zero, "respiratory_rate_zero"),
    ),
    paired=("spo2", "fio2", "respiratory_rate"),
    pairing_minutes=_PAIRING_MINUTES,
    population=_ADULTS,
    source="Roca et al., Am J Respir Crit Care Med 2019;199:1368, doi 10.1164/rccm.201803-0589OC",
)
SF_RATIO = RatioScore(
    name="sf_ratio",
    variant="rice2007",
    inputs=("spo2", "fio2"),
    formula=_sf_ratio,
    requires=(
        Requirement("fio2", _at_least_air, "fio2_below_air"),
        Requirement("spo2", _tells, f"spo2_above_{HIGHEST_TELLING_SPO2}"),
    ),
    paired=("spo2", "fio2"),
    pairing_minutes=_PAIRING_MINUTES,
    population=_ADULTS,
    source="Rice et al., Chest 2007;132:410",
)


@dataclass(frozen=True, slots=True)
class PfChoices:
    """How long before a gas FiO2 may have been charted to be its own."""

    pairing_hours: float


_PF = PfChoices(pairing_hours=4)
PF_RATIO = WindowScore(
    name="pf_ratio",
    variant="arterial",
    parameters=(
        WindowParameter("pao2", 0, {"pao2": 24}),
        WindowParameter("fio2", 0, {"fio2": 24 + _PF.pairing_hours}),
    ),
    choices=_PF,
    population=_ADULTS,
    source="ARDS Definition Task Force, JAMA 2012;307:2526; pairing MIT-LCP mimic-code bg.sql",
)
