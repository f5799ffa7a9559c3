"""Septic shock: sepsis with a vasopressor and a raised lactate.

Here: whether and when both came together around a suspected infection. Not here: sepsis itself
(sepsis3.py).

Source: Singer et al., JAMA 2016;315:801: a vasopressor to keep the mean pressure at 65 mmHg or
above and lactate above 2 mmol/L (18 mg/dL), in the absence of hypovolaemia. Why a vasopressor runs
and whether volume was given first cannot be told from the facts: neither is assessed. That the two
come together within the dysfunction window of the suspicion is this project's choice. [P]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from clinical.adjudication.evidence import Drug, Measured
from clinical.adjudication.sepsis3 import Onset
from clinical.adjudication.standing import Source
from clinical.detection.sepsis import DYSFUNCTION_AFTER, DYSFUNCTION_BEFORE
from clinical.detection.septic_shock import HIGHEST_NORMAL_LACTATE
from clinical.scoring.validity import LOOKBACK
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

LACTATE = "lactate"
# A dose whose end was not told is taken to run for so long: rates are charted by the hour. [P]
RUNS_ON = HOUR

NoShock = Literal["no_sepsis", "no_vasopressor", "no_lactate", "no_raised_lactate", "not_together"]


@dataclass(frozen=True, slots=True)
class Shock:
    """What was found of one onset: when both held first, when that was known, or why not."""

    onset: Onset
    reason: NoShock | None
    shock_at: int | None = None
    known_at: int | None = None
    vasopressor_at: int | None = None
    lactate_at: int | None = None
    lactate: float | None = None
    sources: tuple[Source, ...] = ()


def shock(onset: Onset, vasopressors: Sequence[Drug], lactates: Sequence[Measured]) -> Shock:
    """Septic shock of one visit's onset.

    Args:
        onset: What one reading says of sepsis in the visit.
        vasopressors: The patient's, by time; of them only recorded doses run.
        lactates: The patient's, by time, in mmol/L.
    """
    if not onset.is_met or onset.suspicion is None or onset.known_at is None:
        return Shock(onset, "no_sepsis")
    low = onset.suspicion.at - DYSFUNCTION_BEFORE
    high = onset.suspicion.at + DYSFUNCTION_AFTER
    running = [dose for dose in vasopressors if dose.is_given and _overlaps(dose, low, high)]
    told = [one for one in lactates if low - LOOKBACK[LACTATE] <= one.at <= high]
    raised = [one for one in told if one.value > HIGHEST_NORMAL_LACTATE]
    pairs = [pair for dose in running for one in raised if (pair := _together(dose, one, told))]
    inside = [(at, dose, one) for at, dose, one in pairs if low <= at <= high]
    if not inside:
        return Shock(onset, _reason(running, told, raised))
    at, dose, value = min(inside, key=lambda pair: (pair[0], pair[1].source, pair[2].source))
    return Shock(
        onset,
        None,
        shock_at=at,
        known_at=max(onset.known_at, dose.known_at, value.known_at),
        vasopressor_at=dose.at,
        lactate_at=value.at,
        lactate=value.value,
        sources=(dose.source, value.source),
    )


def _together(
    dose: Drug, raised: Measured, told: Sequence[Measured]
) -> tuple[int, Drug, Measured] | None:
    """The first moment at which a dose runs and this lactate is the newest, if there is one."""
    newer = [one.at for one in told if one.at > raised.at]
    counts_until = min([raised.at + LOOKBACK[LACTATE], *newer])
    at = max(dose.at, raised.at)
    runs = at < _ends(dose) or at == dose.at
    counts = at < counts_until or at == raised.at
    return (at, dose, raised) if runs and counts else None


def _ends(dose: Drug) -> int:
    return dose.at + RUNS_ON if dose.until is None else dose.until


def _overlaps(dose: Drug, low: int, high: int) -> bool:
    return dose.at <= high and _ends(dose) >= low


def _reason(
    running: Sequence[Drug], told: Sequence[Measured], raised: Sequence[Measured]
) -> NoShock:
    if not running:
        return "no_vasopressor"
    if not told:
        return "no_lactate"
    return "not_together" if raised else "no_raised_lactate"
