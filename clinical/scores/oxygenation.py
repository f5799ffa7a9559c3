"""What published limits make of an oxygenation ratio: bands of the global ARDS definition, ROX.

Here: the tables, for detections and charts to read. Not here: the ratios (ratios.py), or what is
done at a limit (clinical/detection). A ratio in an ARDS band is hypoxaemia of that grade, not ARDS:
imaging, origin and timing belong to the diagnosis and are not in the tables.
"""

from dataclasses import dataclass

from clinical.scores.bands import INF, Bands

# Matthay et al., Am J Respir Crit Care Med 2024;209:37, "A new global definition of ARDS": the
# grades of intubated patients. P/F in mmHg; S/F counts only where SpO2 is at most 97 %.
GRADES = ("none", "mild", "moderate", "severe")
PF_GRADE = Bands((100, 3), (200, 2), (300, 1), (INF, 0))
SF_GRADE = Bands((148, 3), (235, 2), (315, 1), (INF, 0))
# Above it the dissociation curve is flat and SpO2/FiO2 says nothing.
HIGHEST_TELLING_SPO2 = 97
# Not intubated, the same ratios (at most 300 and 315) count only under at least this support.
LOWEST_HIGH_FLOW_L_PER_MIN = 30
LOWEST_PRESSURE_CM_H2O = 5


def pf_grade(ratio: float) -> str:
    """Grade of a PaO2/FiO2 ratio in mmHg."""
    return GRADES[PF_GRADE.points(ratio)]


def sf_grade(ratio: float) -> str:
    """Grade of an SpO2/FiO2 ratio; the caller has made sure that SpO2 is telling."""
    return GRADES[SF_GRADE.points(ratio)]


@dataclass(frozen=True, slots=True)
class RoxCheckpoint:
    """From `hours` after the start of high flow, ROX below `failure_below` foretells failure."""

    hours: int
    failure_below: float


# Roca et al., Am J Respir Crit Care Med 2019;199:1368: pneumonia on high-flow nasal oxygen.
ROX_CHECKPOINTS = (RoxCheckpoint(2, 2.85), RoxCheckpoint(6, 3.47), RoxCheckpoint(12, 3.85))
# At 2, 6 and 12 hours: from it on, intubation is less likely.
ROX_LOW_RISK = 4.88


def rox_checkpoint(hours: float) -> RoxCheckpoint | None:
    """The newest checkpoint reached `hours` after the start of high flow; None before the first."""
    reached = [checkpoint for checkpoint in ROX_CHECKPOINTS if checkpoint.hours <= hours]
    return reached[-1] if reached else None
