"""MEWS, the Modified Early Warning Score: several tables carry the name, so the variant says which.

`subbe2001`: Subbe et al., QJM 2001;94:521, five parameters, critical from 5. Two values fall into
printed gaps (systolic pressure 70 between "< 70" and "71-80", heart rate 40 between "< 40" and
"41-50"); they are closed on the worse side, as later tables print them ("<= 70", "<= 40": Capio
S:t Göran 2011, in openEHR GDL2 MEWS v1.2). AVPU has no letter for new confusion: a confused patient
who is awake is alert, 0 points here.

`st_goran`: Capio S:t Göran, MEWS 4.0 of 2011, as in openEHR GDL2 MEWS v1.2: the same bands with
those edges printed, new confusion 1 point, and the urine of 24 h. It takes a documented day of
urine, scaled as SOFA's, and is for comparing: the stream does not score it.

Not here: Gardner-Thorpe's table of 2006 (Ann R Coll Surg Engl 88:571), whose temperature bands
could not be read in any source at hand.
"""

from collections.abc import Mapping

from clinical.scores.bands import INF, Bands
from clinical.scores.definition import (
    PointScore,
    Population,
    WindowParameter,
    WindowScore,
    parameter,
)

_SHARED: Mapping[str, Bands] = {
    "systolic_bp": Bands((70, 3), (80, 2), (100, 1), (199, 0), (INF, 2)),
    "heart_rate": Bands((40, 2), (50, 1), (100, 0), (110, 1), (129, 2), (INF, 3)),
    "respiratory_rate": Bands((8, 2), (14, 0), (20, 1), (29, 2), (INF, 3)),
    "temperature": Bands((34.9, 2), (38.4, 0), (INF, 2)),
}
_ADULTS = Population(lowest_age=18)

MEWS_SUBBE = PointScore(
    name="mews",
    variant="subbe2001",
    parameters=(
        *(parameter(name, bands) for name, bands in _SHARED.items()),
        # Alert and new confusion 0, voice 1, pain 2, unresponsive 3.
        parameter("consciousness", Bands((1, 0), (2, 1), (3, 2), (INF, 3))),
    ),
    population=_ADULTS,
    source="Subbe et al., QJM 2001;94:521",
)

# Newest values, and mL of urine in 24 hours; new confusion counts as voice.
ST_GORAN: tuple[tuple[str, Bands], ...] = (
    *_SHARED.items(),
    ("consciousness", Bands((0, 0), (2, 1), (3, 2), (INF, 3))),
    ("urine_output", Bands((249, 3), (750, 2), (1250, 1), (2500, 0), (INF, 1))),
)
MEWS_ST_GORAN = WindowScore(
    name="mews",
    variant="st_goran",
    parameters=tuple(
        WindowParameter(
            name,
            bands.highest,
            {name: 30.0, "irrigant_in": 30.0} if name == "urine_output" else {name: 12.0},
            (name,),
        )
        for name, bands in ST_GORAN
    ),
    choices=ST_GORAN,
    population=_ADULTS,
    source="Capio S:t Göran, MEWS 4.0, 2011, as in openEHR GDL2 MEWS.v1.2",
)
