"""The published scores, as literal tables.

Here: what each score is made of, its bands and its source. Not here: which value counts at a moment
(clinical/scoring), or what is done about a score (clinical/detection).
"""

from collections.abc import Mapping

from clinical.scores.definition import Score
from clinical.scores.kdigo import KDIGO_2012, KDIGO_MIMIC_CODE
from clinical.scores.mews import MEWS_ST_GORAN, MEWS_SUBBE
from clinical.scores.news2 import NEWS2
from clinical.scores.qsofa import QSOFA_GCS13, QSOFA_GCS15
from clinical.scores.ratios import PF_RATIO, ROX, SF_RATIO, SHOCK_INDEX
from clinical.scores.sepsis_points import SEPSIS_POINTS
from clinical.scores.sirs import SIRS
from clinical.scores.sofa import SOFA, SOFA_MIMIC_CODE

# In the order in which a message's score rows are stored.
SCORES: tuple[Score, ...] = (
    NEWS2,
    QSOFA_GCS15,
    QSOFA_GCS13,
    SIRS,
    SHOCK_INDEX,
    ROX,
    SF_RATIO,
    MEWS_SUBBE,
    KDIGO_2012,
    SOFA,
    PF_RATIO,
    SEPSIS_POINTS,
)

# For comparing with others' implementations: scored where asked for, never in the stream.
COMPARED: tuple[Score, ...] = (SOFA_MIMIC_CODE, KDIGO_MIMIC_CODE, MEWS_ST_GORAN)

BY_VARIANT: Mapping[tuple[str, str], Score] = {
    (score.name, score.variant): score for score in (*SCORES, *COMPARED)
}
