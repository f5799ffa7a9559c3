"""Suspected sepsis: evidence of infection with SIRS, qSOFA or a rise of SOFA, provisional and live.

Infection is suspected when a body-fluid culture and an antibiotic lie in the Sepsis-3 windows:
culture first, antibiotic within 72 h; antibiotic first, culture within 24 h. It counts from 48 h
before to 24 h after the earlier of the two. Source: Seymour et al., JAMA 2016;315:762; Singer et
al., JAMA 2016;315:801. Never on qSOFA alone: of qSOFA-positive admissions only 31 % had suspected
infection (PMC6859245).
Organ dysfunction is SOFA up by 2 or more. Live, it is held against SOFA of 24 h before (the two
points within 24 h of the PhysioNet/CinC 2019 labels); an organ of which nothing was known then is
taken for healthy, as the consensus does. Adjudication (clinical/adjudication) looks further back.
Limits: one antibiotic order suffices (as in mimic-code); later knowledge (72 h of treatment,
culture results) is for the batch side to adjudicate. A score that lacks a parameter counts it as 0.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinical.detection.begun import begun, chosen
from clinical.detection.finding import Band, Family, Finding, Quoted, Scores, nothing, ranked
from clinical.detection.past import panel_at, points_of, spread
from clinical.scores.qsofa import QSOFA_GCS15
from clinical.scores.sirs import SIRS
from clinical.scores.sofa import SOFA
from clinical.scoring.columns import Assessed, is_outside
from clinical.scoring.engine import Moments
from clinical.scoring.grid import Grid
from clinical.scoring.inputs import POPULATION_INPUTS
from clinical.scoring.memory import COMPARED_HOURS
from clinical.scoring.panel import Readings
from clinical.scoring.sofa import points
from clinical.scoring.timeline import Points
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Suspicion = tuple[Bools, tuple[tuple[str, Readings], ...]]

ANTIBIOTIC_AFTER_CULTURE = 72 * HOUR
CULTURE_AFTER_ANTIBIOTIC = 24 * HOUR
DYSFUNCTION_BEFORE = 48 * HOUR
DYSFUNCTION_AFTER = 24 * HOUR
# Both qSOFA and SIRS are positive at 2 points.
POSITIVE = 2
SOFA_RISE = 2
SOFA_BEFORE = round(COMPARED_HOURS[SOFA.name] * HOUR)

NAME = "sepsis"
BANDS = {
    1: Band("suspected_sepsis_sirs", "high", "Suspected sepsis: infection evidence with SIRS"),
    2: Band(
        "suspected_sepsis_qsofa", "critical", "Suspected sepsis: infection evidence with qSOFA"
    ),
    3: Band(
        "suspected_sepsis_sofa", "critical", "Suspected sepsis: infection evidence, SOFA up by 2"
    ),
}
INFECTION = ("culture", "antibiotic")
RESTS_ON = tuple(dict.fromkeys((*INFECTION, *QSOFA_GCS15.inputs, *SIRS.inputs, *SOFA.inputs)))


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The sepsis band wherever infection evidence or an input of a score changed."""
    told, _ = moments.heard_of(SOFA.inputs)
    suspected, infection = suspicion(moments)
    due = (moments.touched(RESTS_ON) | told) & suspected
    if not due.any():
        return nothing(NAME, BANDS, moments, RESTS_ON)
    qsofa, sirs, sofa = (scores[one.name, one.variant] for one in (QSOFA_GCS15, SIRS, SOFA))
    asked = np.flatnonzero(due & (sofa.observed >= SOFA_RISE))
    risen = np.zeros(len(due), np.bool_)
    if len(asked):
        was = np.nan_to_num(_points_before(moments, asked))
        risen[asked] = sofa.observed[asked] - was >= SOFA_RISE
    band = ranked(due & (sirs.observed >= POSITIVE), due & (qsofa.observed >= POSITIVE), risen)

    @cache
    def quoted() -> Quoted:
        scored = [qsofa, sirs, sofa]
        if len(asked):
            before = _before(moments, asked)
            scored.append(spread(before, "sofa_24_h_before", asked, len(due), risen[asked]))
        return Quoted(tuple(scored), readings=infection)

    return [Finding(NAME, BANDS, band, RESTS_ON, quoted)]


def _points_before(moments: Moments, places: Ints) -> Floats:
    """The points of `_before` alone, at a fraction of its cost; NaN where it does not speak."""
    earlier = _earlier(moments, places)
    outside = is_outside(SOFA.population, panel_at(moments, POPULATION_INPUTS, earlier))
    return np.where(outside, np.nan, points(SOFA, moments.timeline.at(earlier)))


def _before(moments: Moments, places: Ints) -> Assessed:
    """SOFA of 24 h before some of the moments, by what is known at each."""
    timeline = moments.timeline.at(_earlier(moments, places))
    return Grid(moments.patient.take(places), timeline, moments.origins).alone(SOFA)


def _earlier(moments: Moments, places: Ints) -> Points:
    now = points_of(moments, places)
    return Points(now.owner, now.known, now.now - SOFA_BEFORE)


FAMILY = Family(NAME, BANDS, find)


def suspicion(moments: Moments) -> Suspicion:
    """Whether a culture and an antibiotic make a suspicion that counts now, and these two.

    Asked are the newest of each that has begun, else the newest told, which may be ordered ahead: a
    course for next week must not hide the one that runs. The newest are enough: a pair of older
    ones lies, by the windows' lengths, more than 24 h back.
    """
    return moments.panel.once(suspicion, lambda: _suspicion(moments))


def _suspicion(moments: Moments) -> Suspicion:
    has_begun = [begun(moments, name) for name in INFECTION]
    told = [moments.panel[name] for name in INFECTION]
    by_begun = _suspected(moments, *has_begun)
    either = [chosen(by_begun, one, other) for one, other in zip(has_begun, told, strict=True)]
    return by_begun | _suspected(moments, *told), tuple(zip(INFECTION, either, strict=True))


def _suspected(moments: Moments, culture: Readings, antibiotic: Readings) -> Bools:
    gap = antibiotic.effective - culture.effective
    paired = (gap <= ANTIBIOTIC_AFTER_CULTURE) & (gap >= -CULTURE_AFTER_ANTIBIOTIC)
    onset = np.minimum(culture.effective, antibiotic.effective)
    since = moments.now - onset
    counts = (since <= DYSFUNCTION_AFTER) & (since >= -DYSFUNCTION_BEFORE)
    suspected: Bools = culture.current & antibiotic.current & paired & counts
    return suspected
