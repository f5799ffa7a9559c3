"""Suspected sepsis: evidence of infection with qSOFA or SIRS, provisional and live.

Infection is suspected when a body-fluid culture and an antibiotic lie in the Sepsis-3 windows:
culture first, antibiotic within 72 h; antibiotic first, culture within 24 h. It counts from 48 h
before to 24 h after the earlier of the two. Source: Seymour et al., JAMA 2016;315:762; Singer et
al., JAMA 2016;315:801. Never on qSOFA alone: of qSOFA-positive admissions only 31 % had suspected
infection (PMC6859245).
Limits: one antibiotic order suffices (as in mimic-code); later knowledge (72 h of treatment,
culture results) is for the batch side to adjudicate. A qSOFA or SIRS that lacks a parameter counts
it as 0.
"""

import numpy as np
from numpy.typing import NDArray

from clinical.detection.finding import Band, Family, Finding, Scores, ranked
from clinical.scores.qsofa import QSOFA_GCS15
from clinical.scores.sirs import SIRS
from clinical.scoring.engine import Moments
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

ANTIBIOTIC_AFTER_CULTURE = 72 * HOUR
CULTURE_AFTER_ANTIBIOTIC = 24 * HOUR
DYSFUNCTION_BEFORE = 48 * HOUR
DYSFUNCTION_AFTER = 24 * HOUR
# Both qSOFA and SIRS are positive at 2 points.
POSITIVE = 2

NAME = "sepsis"
BANDS = {
    1: Band("suspected_sepsis_sirs", "high", "Suspected sepsis: infection evidence with SIRS"),
    2: Band(
        "suspected_sepsis_qsofa", "critical", "Suspected sepsis: infection evidence with qSOFA"
    ),
}
INFECTION = ("culture", "antibiotic")


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The sepsis band wherever infection evidence or an input of qSOFA or SIRS changed."""
    qsofa, sirs = scores[QSOFA_GCS15.name, QSOFA_GCS15.variant], scores[SIRS.name, SIRS.variant]
    rests_on = (*INFECTION, *QSOFA_GCS15.inputs, *SIRS.inputs)
    due = moments.touched(rests_on)
    due &= infection_suspected(moments)
    band = ranked(due & (sirs.observed >= POSITIVE), due & (qsofa.observed >= POSITIVE))
    return [Finding(NAME, BANDS, band, rests_on, (qsofa, sirs), INFECTION)]


FAMILY = Family(NAME, BANDS, find)


def infection_suspected(moments: Moments) -> NDArray[np.bool_]:
    """Whether the newest culture and the newest antibiotic make a suspicion that counts now.

    The newest of each is enough: a pair of older ones lies, by the windows' lengths, more than 24 h
    back.
    """
    culture, antibiotic = (moments.panel[name] for name in INFECTION)
    gap = antibiotic.effective - culture.effective
    paired = (gap <= ANTIBIOTIC_AFTER_CULTURE) & (gap >= -CULTURE_AFTER_ANTIBIOTIC)
    onset = np.minimum(culture.effective, antibiotic.effective)
    since = moments.now - onset
    counts = (since <= DYSFUNCTION_AFTER) & (since >= -DYSFUNCTION_BEFORE)
    suspected: NDArray[np.bool_] = culture.current & antibiotic.current & paired & counts
    return suspected
