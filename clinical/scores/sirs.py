"""SIRS, systemic inflammatory response syndrome: met with 2 of 4.

Source: ACCP/SCCM Consensus Conference, Chest 1992;101:1644. All inequalities are strict.
Respiratory rate and PaCO2 (mmHg), white cells (10*9/L) and bands (%) are alternatives. SEP-1 uses
another temperature limit (38.3) and is another variant. A ventilator's rate is not the patient's
own.
"""

from clinical.scores.bands import INF, Bands
from clinical.scores.definition import Alternative, Parameter, PointScore, Population, parameter

SIRS = PointScore(
    name="sirs",
    variant="accp_sccm_1992",
    parameters=(
        parameter("temperature", Bands((35.9, 1), (38.0, 0), (INF, 1))),
        parameter("heart_rate", Bands((90, 0), (INF, 1))),
        Parameter(
            "respiration",
            (
                Alternative("respiratory_rate", (Bands((20, 0), (INF, 1)),)),
                Alternative("paco2", (Bands((31.9, 1), (INF, 0)),)),
            ),
        ),
        Parameter(
            "white_cells",
            (
                Alternative("wbc", (Bands((3.9, 1), (12.0, 0), (INF, 1)),)),
                Alternative("band_neutrophils", (Bands((10, 0), (INF, 1)),)),
            ),
        ),
    ),
    population=Population(lowest_age=18),
    source="ACCP/SCCM Consensus Conference, Chest 1992;101:1644",
)
