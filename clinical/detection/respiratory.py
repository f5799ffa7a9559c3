"""Respiratory failure: low SpO2/FiO2, or a low ROX on high-flow oxygen.

S/F: 235 and 148 are the published equivalents of P/F 200 and of severe hypoxaemia; valid only at
SpO2 of 97 % or less. Sources: Rice et al., Chest 2007;132:410; Matthay et al., Am J Respir Crit
Care Med 2024;209:37.
ROX: below 2.85 predicts failure already at 2 h of high-flow oxygen (Roca et al., Am J Respir Crit
Care Med 2019;199:1368). Limits: the later thresholds (3.47 at 6 h, 3.85 at 12 h) need the start of
high-flow oxygen and are not used; S/F is an estimate where FiO2 is, and reads high in darker skin.
"""

from clinical.detection.finding import Band, Family, Finding, Scores, ranked
from clinical.scores.ratios import ROX, SF_RATIO
from clinical.scoring.engine import Moments

MODERATE_SF = 235
SEVERE_SF = 148
ROX_FAILURE_AT_2H = 2.85

NAME = "respiratory_failure"
BANDS = {
    1: Band("sf_moderate", "high", "Respiratory failure: SpO2/FiO2 of 235 or less"),
    2: Band("sf_severe", "critical", "Respiratory failure: SpO2/FiO2 of 148 or less"),
    3: Band("rox_failure", "critical", "High-flow oxygen is failing: ROX below 2.85"),
}


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The respiratory band wherever an input of either ratio changed."""
    ratio, rox = scores[SF_RATIO.name, SF_RATIO.variant], scores[ROX.name, ROX.variant]
    due = moments.touched(ROX.inputs)
    band = ranked(
        due & (ratio.observed <= MODERATE_SF),
        due & (ratio.observed <= SEVERE_SF),
        due & (rox.observed < ROX_FAILURE_AT_2H),
    )
    return [Finding(NAME, BANDS, band, ROX.inputs, (ratio, rox))]


FAMILY = Family(NAME, BANDS, find)
