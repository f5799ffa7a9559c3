"""Sepsis points: how likely it is that sepsis is near, for adults in intensive care.

A sum of whole points for values that count now and for hours in care. It needs no culture and no
antibiotic. 17 points or more is a warning (clinical/detection/sepsis_risk.py); hours alone never
reach it.

How it was found (docs/derivations/sepsis_points.py, stored result beside it): non-negative logistic
regression on steps, each hour weighing what a warning would gain by the utility of the
PhysioNet/CinC Challenge 2019 (clinical/evaluation/utility.py), rounded to whole points; on 4,000
stays of the challenge's set B alone (Reyna et al., Crit Care Med 2020;48:210, doi
10.1097/CCM.0000000000004145; data CC BY 4.0). Cross-validated by stay, with parameters, points and
limit found anew without the stays that are judged: normalised utility 0.34 (0.32 to 0.35 over five
repeats); on the stays it was made from 0.38.

Limits: this project's own score, tuned on one hospital's intensive care. It did not carry over to
466 stays of other hospitals (docs/derivations/other_hospitals.py): there it is worth less than no
warning at all, and NEWS2 does better.
Hours in care weigh most, and part of that is how the challenge cut its stays: hours alone reach
0.26, everything but hours 0.15. That FiO2, end-tidal CO2 or bilirubin is known at all gives points,
since somebody saw reason to measure; where everybody is measured, that tells less. A value that is
missing has no points, and is named.
"""

from clinical.scores.bands import INF, Bands
from clinical.scores.definition import PointScore, Population, parameter

# The lowest total that is a warning; one less warns more often and earlier.
WARNING = 17

SEPSIS_POINTS = PointScore(
    name="sepsis_points",
    variant="physionet2019_set_b",
    parameters=(
        parameter(
            "hours_in_icu",
            Bands(
                *((12, 1), (35, 0), (41, 1), (47, 3), (53, 4), (59, 6)),
                *((71, 9), (83, 10), (INF, 12)),
            ),
        ),
        parameter("hours_in_hospital", Bands((4, 10), (8, 7), (INF, 0))),
        # 0: straight to intensive care, within the hour.
        parameter("hours_before_icu", Bands((0, 4), (239, 0), (INF, 3))),
        parameter("temperature", Bands((36.0, 3), (37.4, 0), (37.9, 3), (INF, 5))),
        parameter("heart_rate", Bands((89, 0), (109, 1), (INF, 3))),
        parameter("respiratory_rate", Bands((23, 0), (INF, 1))),
        parameter("systolic_bp", Bands((100, 3), (110, 1), (INF, 0))),
        parameter("spo2", Bands((94, 2), (INF, 0))),
        parameter("etco2", Bands((30, 5), (35, 4), (INF, 2))),
        parameter("fio2", Bands((INF, 4))),
        parameter("wbc", Bands((11.9, 0), (14.9, 2), (19.9, 3), (INF, 4))),
        parameter("creatinine", Bands((1.1, 0), (1.4, 2), (1.9, 3), (INF, 4))),
        parameter("bun", Bands((39, 0), (INF, 2))),
        parameter("bilirubin_total", Bands((3.9, 1), (INF, 2))),
    ),
    population=Population(lowest_age=18),
    source="docs/derivations/sepsis_points.py, on PhysioNet/CinC 2019 set B",
)
