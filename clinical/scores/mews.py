"""MEWS, the Modified Early Warning Score: several tables carry the name, so the variant says which.

`subbe2001`: Subbe et al., QJM 2001;94:521, five parameters, critical from 5. Two values fall into
printed gaps (systolic pressure 70 between "< 70" and "71-80", heart rate 40 between "< 40" and
"41-50"); they are closed on the worse side, as later tables print them ("<= 70", "<= 40": Capio
S:t Göran 2011, in openEHR GDL2 MEWS v1.2). AVPU has no letter for new confusion: a confused patient
who is awake is alert, 0 points here.

Not here: Gardner-Thorpe's table of 2006 (Ann R Coll Surg Engl 88:571), whose temperature bands
could not be read in any source at hand.
"""

from clinical.scores.bands import INF, Bands
from clinical.scores.definition import PointScore, Population, parameter

MEWS_SUBBE = PointScore(
    name="mews",
    variant="subbe2001",
    parameters=(
        parameter("systolic_bp", Bands((70, 3), (80, 2), (100, 1), (199, 0), (INF, 2))),
        parameter("heart_rate", Bands((40, 2), (50, 1), (100, 0), (110, 1), (129, 2), (INF, 3))),
        parameter("respiratory_rate", Bands((8, 2), (14, 0), (20, 1), (29, 2), (INF, 3))),
        parameter("temperature", Bands((34.9, 2), (38.4, 0), (INF, 2))),
        # Alert and new confusion 0, voice 1, pain 2, unresponsive 3.
        parameter("consciousness", Bands((1, 0), (2, 1), (3, 2), (INF, 3))),
    ),
    population=Population(lowest_age=18),
    source="Subbe et al., QJM 2001;94:521",
)
