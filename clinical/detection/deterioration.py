"""Deterioration: NEWS2 has risen by 3 or more, within 24 h or since treatment began.

The rise of 3 within 24 h is this project's own limit [P]; that a rise foretells more than a level
is published, a limit for it is not. Compared is the total of now with the lowest of the last 24 h,
by what is known now; a set that lacks a parameter is held only against sets that knew at least the
same ones, so that measuring more is no rise.

Worsening on treatment: the same rise since the newest start of an antibiotic or a vasopressor, if
that start lies within 24 h. [P] Whether the treatment works, the alert does not say.
"""

import numpy as np
from numpy.typing import NDArray

from clinical.detection.finding import Band, Family, Finding, Scores, ranked
from clinical.detection.lowest import known_parameters, lowest
from clinical.detection.past import points_of, score_at, spread
from clinical.scores.news2 import NEWS2
from clinical.scoring.columns import Assessed
from clinical.scoring.engine import Moments
from clinical.scoring.memory import COMPARED_HOURS
from clinical.scoring.timeline import Points
from clinical.scoring.validity import MICROSECONDS_PER_HOUR
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]

RISE = 3
WINDOW = round(COMPARED_HOURS[NEWS2.name] * MICROSECONDS_PER_HOUR)
TREATMENTS = ("antibiotic", "vasopressor")

NAME = "deterioration"
BANDS = {
    1: Band("news2_rise", "medium", "Deterioration: NEWS2 has risen by 3 or more within 24 h"),
    2: Band("worse_on_treatment", "high", "Worse since treatment began: NEWS2 up by 3 or more"),
}
# What the earlier totals are called on an alert, by band.
QUOTED_AS = ("news2_lowest_of_24_h", "news2_at_treatment")
RESTS_ON = (*NEWS2.depends_on, *TREATMENTS)


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The rise wherever an input of NEWS2, or a treatment, changed."""
    news2 = scores[NEWS2.name, NEWS2.variant]
    asked = np.flatnonzero(moments.touched(RESTS_ON) & (news2.observed >= RISE))
    band, size = np.zeros(len(news2.observed), np.int64), len(news2.observed)
    if not len(asked):
        return [Finding(NAME, BANDS, band, RESTS_ON)] if len(band) else []
    points, knows = points_of(moments, asked), known_parameters(news2)[asked]
    fell = lowest(moments, NEWS2, points, knows, WINDOW)
    began = _treated(moments)[asked]
    past = [_was(moments, points, earlier) for earlier in (fell, began)]
    rose = [_rose(news2.observed[asked], knows, was) for was in past]
    band[asked] = ranked(*rose)
    quoted = [
        spread(was, name, asked, size, band[asked] == rank)
        for rank, (was, name) in enumerate(zip(past, QUOTED_AS, strict=True), 1)
    ]
    return [Finding(NAME, BANDS, band, RESTS_ON, (news2, *quoted), TREATMENTS)]


def _treated(moments: Moments) -> Ints:
    """When treatment last began, at each moment; NONE where that is too long ago."""
    began = [moments.panel[name] for name in TREATMENTS]
    times = [np.where(one.current, one.effective, NONE) for one in began]
    newest = np.maximum(*times)
    recent = (newest <= moments.now) & (moments.now - newest <= WINDOW)
    return np.where(recent, newest, NONE)


def _was(moments: Moments, points: Points, earlier: Ints) -> Assessed:
    """NEWS2 at earlier times; at no time where there is none."""
    return score_at(moments, NEWS2, Points(points.owner, points.known, earlier))


def _rose(observed: NDArray[np.float64], knows: Ints, was: Assessed) -> NDArray[np.bool_]:
    comparable = known_parameters(was) & knows == knows
    rose: NDArray[np.bool_] = comparable & (observed - was.observed >= RISE)
    return rose


FAMILY = Family(NAME, BANDS, find)
