"""qSOFA, quick sequential organ failure assessment: a screen, never a reason to alert by itself.

Two published readings of "altered mentation" are kept apart: GCS below 15 (Singer et al., JAMA
2016, doi 10.1001/jama.2016.0287, the default) and GCS of 13 or less (Seymour et al., JAMA 2016, doi
10.1001/jama.2016.0288).
"""

from clinical.scores.bands import INF, Bands
from clinical.scores.definition import PointScore, Population, parameter

_SYSTOLIC = parameter("systolic_bp", Bands((100, 1), (INF, 0)))
_BREATHING = parameter("respiratory_rate", Bands((21, 0), (INF, 1)))
_ADULTS = Population(lowest_age=18)

QSOFA_GCS15 = PointScore(
    name="qsofa",
    variant="gcs_below_15",
    parameters=(_SYSTOLIC, _BREATHING, parameter("gcs", Bands((14, 1), (INF, 0)))),
    population=_ADULTS,
    source="Singer et al., JAMA 2016;315:801, doi 10.1001/jama.2016.0287",
)
QSOFA_GCS13 = PointScore(
    name="qsofa",
    variant="gcs_13_or_less",
    parameters=(_SYSTOLIC, _BREATHING, parameter("gcs", Bands((13, 1), (INF, 0)))),
    population=_ADULTS,
    source="Seymour et al., JAMA 2016;315:762, doi 10.1001/jama.2016.0288",
)
