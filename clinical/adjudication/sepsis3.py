"""Sepsis-3 onset in four published operationalisations, kept apart by id.

Here: what each asks of SOFA around a suspected infection, and when it says that sepsis began. Not
here: the suspicion (suspicion.py), SOFA's totals (sofa.py), tables (onsets.py).

| id | SOFA | Onset |
|---|---|---|
| seymour2016 | 2 points above the baseline, from 48 h before to 24 h after | the suspicion |
| mimic_code | a total of 2 points or more, same window | the suspicion |
| ricu_sep3 | 2 points above the window's lowest so far; first suspicion alone | that hour |
| cinc2019 | 2 points within 24 h, from 24 h before to 12 h after | the earlier of the two |

Sources: Seymour et al., JAMA 2016;315:762; Singer et al., JAMA 2016;315:801; mimic-code
sepsis3.sql; ricu `sep3` (si_window first, delta_cummin); Reyna et al., CinC 2019. All windows
include both ends. They give different patients and different times: quote the variant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from clinical.adjudication.sofa import RISES, Rise, SofaHours
from clinical.adjudication.standing import Source
from clinical.adjudication.suspicion import Judged, Reason, Suspicion
from clinical.detection.sepsis import DYSFUNCTION_AFTER, DYSFUNCTION_BEFORE
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

# Organ dysfunction is a rise of SOFA by so many points; Singer 2016.
DYSFUNCTION_POINTS = 2
# CinC 2019: SOFA no earlier than 24 h before the suspicion and no later than 12 h after it.
CINC_BEFORE, CINC_AFTER = 24 * HOUR, 12 * HOUR

Unmet = Literal["no_sofa", "no_rise", "under_age"]
NotMet = Reason | Unmet


@dataclass(frozen=True, slots=True)
class Reading:
    """One operationalisation, by what it chooses.

    Attributes:
        variant: Its id, also of the reading of suspected infection that it goes with.
        sofa: The variant of SOFA that it is computed on.
        before: How long before the suspicion dysfunction counts, in microseconds.
        after: How long after it.
        rise: Over what SOFA has to rise by DYSFUNCTION_POINTS.
        onset: What dates it: the suspicion, the dysfunction, or the earlier of the two.
        only_first: Whether only the first suspicion of a visit is looked at.
    """

    variant: str
    sofa: str
    rise: Rise
    onset: Literal["suspicion", "dysfunction", "earlier"]
    before: int = DYSFUNCTION_BEFORE
    after: int = DYSFUNCTION_AFTER
    only_first: bool = False


READINGS: Mapping[str, Reading] = {
    reading.variant: reading
    for reading in (
        Reading("seymour2016", "vincent1996", "over_baseline", "suspicion"),
        Reading("mimic_code", "mimic_code", "over_zero", "suspicion"),
        Reading("ricu_sep3", "vincent1996", "over_lowest_so_far", "dysfunction", only_first=True),
        Reading("cinc2019", "vincent1996", "within_a_day", "earlier", CINC_BEFORE, CINC_AFTER),
    )
}
SOFA_VARIANTS = tuple(dict.fromkeys(reading.sofa for reading in READINGS.values()))


@dataclass(frozen=True, slots=True)
class Onset:
    """What one reading says of one visit.

    `reason` tells why it is not met. `known_at` is when all that it rests on had reached us: before
    that nobody could have said so.
    """

    variant: str
    encounter: str | None
    reason: NotMet | None
    suspicion: Suspicion | None = None
    dysfunction_at: int | None = None
    onset_at: int | None = None
    known_at: int | None = None
    baseline: int | None = None
    total: int | None = None

    @property
    def is_met(self) -> bool:
        """Whether there is an onset."""
        return self.reason is None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The rows of culture and antibiotics; those of SOFA stand in its own table."""
        return self.suspicion.sources if self.suspicion else ()


def onsets(
    judged: Judged, hours: SofaHours, reading: Reading, visits: Iterable[str | None]
) -> list[Onset]:
    """One answer per visit: those with a suspicion, and the others that are named."""
    by_visit: dict[str | None, list[Suspicion]] = {visit: [] for visit in visits}
    for suspicion in judged.suspicions:
        by_visit.setdefault(suspicion.encounter, []).append(suspicion)
    return [_of_visit(visit, found, judged, hours, reading) for visit, found in by_visit.items()]


def _of_visit(
    visit: str | None,
    found: Sequence[Suspicion],
    judged: Judged,
    hours: SofaHours,
    reading: Reading,
) -> Onset:
    if not found:
        return Onset(reading.variant, visit, judged.reason or "other_visit")
    looked_at = [
        _onset(suspicion, hours, reading, visit)
        for suspicion in (found[:1] if reading.only_first else found)
    ]
    met = [onset for onset in looked_at if onset.is_met]
    return min(met, key=_begins) if met else looked_at[0]


def _begins(onset: Onset) -> tuple[int, int]:
    return onset.onset_at or 0, onset.known_at or 0


def _onset(suspicion: Suspicion, hours: SofaHours, reading: Reading, visit: str | None) -> Onset:
    window = hours.between(suspicion.at - reading.before, suspicion.at + reading.after)
    risen = RISES[reading.rise](hours, window)
    high = np.flatnonzero(risen.rise >= DYSFUNCTION_POINTS)
    if not len(high):
        reason: NotMet = "no_rise" if len(risen.rise) else "no_sofa"
        return Onset(reading.variant, visit, reason, suspicion)
    place = window.start + int(high[0])
    dysfunction = int(hours.at[place])
    return Onset(
        reading.variant,
        visit,
        None,
        suspicion,
        dysfunction_at=dysfunction,
        onset_at=_dated(suspicion.at, dysfunction, reading),
        known_at=max(suspicion.known_at, int(hours.known_at[place])),
        baseline=int(risen.baseline[high[0]]),
        total=int(hours.total[place]),
    )


def _dated(suspected: int, dysfunction: int, reading: Reading) -> int:
    if reading.onset == "earlier":
        return min(suspected, dysfunction)
    return suspected if reading.onset == "suspicion" else dysfunction
