"""NEWS2 response bands.

Source: Royal College of Physicians, NEWS2, London 2017, chart 4 and clinical response table: 7 or
more is an emergency, 5 or 6 is urgent, 3 in any single parameter needs a ward doctor. Missing
parameters count as 0, so that a band says "at least"; what is missing is named on the alert.
"""

import numpy as np

from clinical.detection.finding import Band, Family, Finding, Quoted, Scores, nothing, ranked
from clinical.scores.news2 import NEWS2
from clinical.scoring.engine import Moments

URGENT, EMERGENCY = 5, 7

NAME = "news2"
BANDS = {
    1: Band("news2_single_3", "medium", "NEWS2: 3 points in a single parameter"),
    2: Band("news2_urgent", "high", "NEWS2 of 5 or 6: urgent assessment"),
    3: Band("news2_emergency", "critical", "NEWS2 of 7 or more: emergency assessment"),
}


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The NEWS2 band wherever one of its inputs changed."""
    due = moments.touched(NEWS2.depends_on)
    if not due.any():
        return nothing(NAME, BANDS, moments, NEWS2.depends_on)
    news2 = scores[NEWS2.name, NEWS2.variant]
    single = np.zeros(len(due), np.bool_) if news2.has_single_3 is None else news2.has_single_3
    band = ranked(
        due & single, due & (news2.observed >= URGENT), due & (news2.observed >= EMERGENCY)
    )
    return [Finding(NAME, BANDS, band, NEWS2.depends_on, lambda: Quoted((news2,)))]


FAMILY = Family(NAME, BANDS, find)
