"""Sepsis risk: enough sepsis points, in intensive care, without any evidence of infection.

Source: clinical/scores/sepsis_points.py, which says how the points and the limit were found. Held
against stays of up to 14 days in intensive care (336 hours): beyond those nothing is known of it,
and nothing is found. A ward is not asked, except for a patient who came from intensive care within
these days.
"""

from clinical.detection.finding import Band, Family, Finding, Quoted, Scores, nothing, ranked
from clinical.scores.sepsis_points import SEPSIS_POINTS, WARNING
from clinical.scoring.engine import Moments

# The longest stay that the points were made from.
LONGEST_STAY = 336

NAME = "sepsis_risk"
BANDS = {
    1: Band(
        "sepsis_risk",
        "medium",
        "Sepsis may be near: vital signs, laboratory results and time in intensive care",
    )
}


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The risk wherever an input of the points changed."""
    due = moments.touched(SEPSIS_POINTS.depends_on)
    if not due.any():
        return nothing(NAME, BANDS, moments, SEPSIS_POINTS.depends_on)
    points = scores[SEPSIS_POINTS.name, SEPSIS_POINTS.variant]
    hours = moments.panel["hours_in_icu"]
    cared_for = hours.current & (hours.value <= LONGEST_STAY)
    band = ranked(due & cared_for & (points.observed >= WARNING))
    return [Finding(NAME, BANDS, band, SEPSIS_POINTS.depends_on, lambda: Quoted((points,)))]


FAMILY = Family(NAME, BANDS, find)
