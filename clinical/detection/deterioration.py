"""Deterioration: NEWS2 has risen by 3 or more, within 24 h or since treatment began.

The rise of 3 within 24 h is this project's own limit [P]; that a rise foretells more than a level
is published, a limit for it is not. Compared is the total of now with the lowest of the last 24 h,
by what is known now; a set that lacks a parameter is held only against sets that knew at least the
same ones, so that measuring more is no rise.

Worsening on treatment: the same rise since antibiotics or vasopressors last began (treatment.py),
if that lies within 24 h. [P] Whether the treatment works, the alert does not say.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinical.detection.finding import Band, Family, Finding, Quoted, Scores, nothing, ranked
from clinical.detection.lowest import known_parameters, lowest
from clinical.detection.past import points_of, score_at, spread
from clinical.detection.treatment import before_message, newest_start, over, readings
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
    news2, stands = scores[NEWS2.name, NEWS2.variant], _stands(moments)
    asked = np.flatnonzero(moments.touched(RESTS_ON) & (news2.observed >= RISE))
    if not len(asked):
        return [replace(one, stands=stands) for one in nothing(NAME, BANDS, moments, RESTS_ON)]
    earlier = moments.of_owners(asked)
    points, knows = points_of(earlier, asked), known_parameters(news2)[asked]
    observed = news2.observed[asked]
    fell, least = lowest(earlier, NEWS2, points, knows, WINDOW)
    starts = _starts(moments, points_of(moments, asked))
    began = _newest(moments, starts)
    rose = observed - least >= RISE
    worse = _worse(earlier, points, began, (knows, observed))
    band = np.zeros(len(moments.now), np.int64)
    band[asked] = ranked(rose, worse)

    @cache
    def quoted() -> Quoted:
        held = zip(QUOTED_AS, (rose & ~worse, worse), (fell, began), strict=True)
        was = [_was(earlier, name, asked[at], then[at]) for name, at, then in held if at.any()]
        treated = tuple(
            (name, readings(moments, name, over(row, asked, len(band))))
            for name, row in starts.items()
        )
        return Quoted((news2, *was), readings=treated, earlier=earlier)

    return [Finding(NAME, BANDS, band, RESTS_ON, quoted, stands)]


def _starts(moments: Moments, points: Points) -> Mapping[str, Ints]:
    """The row that began each treatment, NONE where that is too long ago."""
    history = moments.timeline.history
    return {name: newest_start(history, name, points, WINDOW) for name in TREATMENTS}


def _newest(moments: Moments, starts: Mapping[str, Ints]) -> Ints:
    """When treatment last began, at each point; NONE where that is too long ago."""
    effective = moments.timeline.history.effective
    newest: Ints = np.max(
        [np.where(row == NONE, NONE, effective[row]) for row in starts.values()], axis=0
    )
    return newest


def _stands(moments: Moments) -> Ints | None:
    """The band that stands though a treatment is withdrawn, where NEWS2 is as it was.

    All of it does where the treatment began when it was so far known to; else the rise alone.
    """
    stands = np.zeros(len(moments.now), np.int64)
    apart = moments.withdrawn(TREATMENTS) & ~moments.withdrawn(NEWS2.depends_on)
    at = np.flatnonzero(apart)
    if not len(at):
        return None
    now, before = points_of(moments, at), before_message(moments, at)
    same = _newest(moments, _starts(moments, now)) == _newest(moments, _starts(moments, before))
    stands[at] = np.where(same, max(BANDS), min(BANDS))
    return stands


def _worse(
    moments: Moments, points: Points, began: Ints, now: tuple[Ints, NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """Where NEWS2 lies above that of the time at which treatment began."""
    worse: NDArray[np.bool_] = began != NONE
    treated = np.flatnonzero(worse)
    if len(treated):
        owner, known = points.owner[treated], points.known[treated]
        was = score_at(moments, NEWS2, Points(owner, known, began[treated]))
        knows, observed = now[0][treated], now[1][treated]
        comparable = known_parameters(was) & knows == knows
        worse[treated] = comparable & (observed - was.observed >= RISE)
    return worse


def _was(moments: Moments, name: str, places: Ints, earlier: Ints) -> Assessed:
    """NEWS2 of earlier times, to be quoted at some of the moments."""
    points = points_of(moments, places)
    was = score_at(moments, NEWS2, Points(points.owner, points.known, earlier))
    return spread(was, name, places, len(moments.now), np.ones(len(places), np.bool_))


FAMILY = Family(NAME, BANDS, find)
