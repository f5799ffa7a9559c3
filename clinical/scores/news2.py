"""NEWS2, the National Early Warning Score 2.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, chart 1.
For patients of 16 years and over, not in pregnancy. SpO2 scale 2 applies only where a competent
clinician has prescribed it (hypercapnic respiratory failure, target 88-92 %): it is a fact of its
own, never inferred from a diagnosis. C of ACVPU is *new* confusion. Missing parameters have no
published
rule: they are named, and the total is given as what they leave possible.
"""

from clinical.scores.bands import INF, Bands
from clinical.scores.definition import PointScore, Population, parameter

SPO2_SCALE_1 = Bands((91, 3), (93, 2), (95, 1), (INF, 0))
SPO2_SCALE_2_AIR = Bands((83, 3), (85, 2), (87, 1), (INF, 0))
SPO2_SCALE_2_OXYGEN = Bands((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (INF, 3))

NEWS2 = PointScore(
    name="news2",
    variant="rcp2017",
    parameters=(
        parameter("respiratory_rate", Bands((8, 3), (11, 1), (20, 0), (24, 2), (INF, 3))),
        parameter("spo2", SPO2_SCALE_1, SPO2_SCALE_2_AIR, SPO2_SCALE_2_OXYGEN, switch="spo2_scale"),
        parameter("oxygen", Bands((0, 0), (INF, 2))),
        parameter("systolic_bp", Bands((90, 3), (100, 2), (110, 1), (219, 0), (INF, 3))),
        parameter("heart_rate", Bands((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (INF, 3))),
        # Alert is 0; new confusion, voice, pain and unresponsive all score 3.
        parameter("consciousness", Bands((0, 0), (INF, 3))),
        parameter("temperature", Bands((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (INF, 2))),
    ),
    population=Population(lowest_age=16, excludes_pregnancy=True),
    source="RCP, National Early Warning Score (NEWS) 2, 2017, chart 1",
)
