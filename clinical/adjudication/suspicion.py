"""Suspected infection: a culture and an antibiotic close together, in four published readings.

Here: the choices in which the readings differ, and the suspicions of one patient. A drug by a
topical route is no antibiotic (clinical/normalise/medications.py), a cancelled culture none. Not
here: organ dysfunction (sepsis3.py), or the live rule (clinical/detection/sepsis.py), whose
windows these are: culture first, antibiotic within 72 h; antibiotic first, culture within 24 h.

Sources: Seymour et al., JAMA 2016;315:762 (as in BMJ Qual Saf, table 1); mimic-code
suspicion_of_infection.sql; ricu `susp_inf`; Reyna et al., PhysioNet/CinC challenge 2019.
Project choices: of one antibiotic the earliest culture before it counts, else the earliest after
it, as in mimic-code; patients, not visits, are looked at, so that a culture of the emergency
department counts for the stay that follows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from clinical.adjudication.courses import courses, ends
from clinical.adjudication.evidence import Culture, Drug, Evidence, local
from clinical.adjudication.standing import Source
from clinical.detection.sepsis import ANTIBIOTIC_AFTER_CULTURE, CULTURE_AFTER_ANTIBIOTIC
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

# The whole days that stand for the windows where only a culture's day is known.
DAYS_AFTER_CULTURE = ANTIBIOTIC_AFTER_CULTURE // (24 * HOUR)
DAYS_AFTER_ANTIBIOTIC = CULTURE_AFTER_ANTIBIOTIC // (24 * HOUR)
# CinC 2019: antibiotics for at least 72 consecutive hours.
CINC_COURSE = 72 * HOUR
# Within so long of the first dose a second one has to follow, where two are asked for. The source
# names no limit; this is the window of the pair. [P]
NEXT_DOSE_WITHIN = ANTIBIOTIC_AFTER_CULTURE

Reason = Literal[
    "other_visit",
    "no_culture",
    "no_blood_culture",
    "no_antibiotic",
    "no_intravenous_antibiotic",
    "course_too_short",
    "too_far_apart",
    "same_instant",
    "single_dose",
]


@dataclass(frozen=True, slots=True)
class Choices:
    """One reading of suspected infection, by what it chooses.

    Attributes:
        variant: Its id.
        same_instant: Whether a culture and an antibiotic of one instant are a pair. mimic-code
            compares strictly on both sides, so that they are none.
        by_day: Whether a culture of which only the day is known is matched by whole days.
        doses: Antibiotic doses that are needed.
        course: How long the antibiotic has to be given without a pause, in microseconds.
        only_blood: Whether only blood cultures count.
        only_intravenous: Whether only intravenous antibiotics count.
    """

    variant: str
    same_instant: bool = True
    by_day: bool = False
    doses: int = 1
    course: int = 0
    only_blood: bool = False
    only_intravenous: bool = False


CHOICES: Mapping[str, Choices] = {
    choices.variant: choices
    for choices in (
        Choices("seymour2016", doses=2),
        Choices("mimic_code", same_instant=False, by_day=True),
        Choices("ricu_sep3"),
        Choices("cinc2019", course=CINC_COURSE, only_blood=True, only_intravenous=True),
    )
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One antibiotic with the culture that makes it a suspicion of infection.

    `at` is the earlier of the two; `known_at` is when all that it rests on had reached us.
    """

    variant: str
    at: int
    culture: Culture
    antibiotic: Drug
    known_at: int
    sources: tuple[Source, ...]

    @property
    def encounter(self) -> str | None:
        """The visit of the antibiotic, else of the culture."""
        return self.antibiotic.encounter or self.culture.encounter


@dataclass(frozen=True, slots=True)
class Judged:
    """Every suspicion of one patient in one reading, by time; where there is none, why."""

    suspicions: tuple[Suspicion, ...]
    reason: Reason | None


def suspected(evidence: Evidence, choices: Choices, zone: ZoneInfo) -> Judged:
    """The suspicions of one patient. `zone` says which day an instant belongs to."""
    cultures = [c for c in evidence.cultures if c.is_blood or not choices.only_blood]
    drugs = [
        drug
        for drug in evidence.antibiotics
        if drug.route == "intravenous" or not choices.only_intravenous
    ]
    started = list(_started(drugs, choices))
    paired = [(drug, _partner(drug, cultures, choices, zone)) for drug in started]
    found = [
        suspicion
        for drug, culture in paired
        if culture is not None
        for suspicion in [_suspicion(drug, culture, drugs, choices)]
        if suspicion is not None
    ]
    found.sort(key=lambda one: (one.at, one.antibiotic.at, one.antibiotic.source))
    if found:
        return Judged(tuple(found), None)
    return Judged((), _reason(evidence, cultures, drugs, paired, choices))


def _started(drugs: Sequence[Drug], choices: Choices) -> Iterator[Drug]:
    """The antibiotics that may begin a suspicion: all, or the first of a course that lasts."""
    if not choices.course:
        yield from drugs
        return
    for course in courses(drugs):
        first = course.lasting(choices.course)
        if first is not None:
            yield first


def _partner(
    drug: Drug, cultures: Sequence[Culture], choices: Choices, zone: ZoneInfo
) -> Culture | None:
    before = [culture for culture in cultures if _precedes(culture, drug, choices, zone)]
    after = [culture for culture in cultures if _follows(culture, drug, choices, zone)]
    return min(before or after, key=lambda one: (one.at, one.source), default=None)


def _precedes(culture: Culture, drug: Drug, choices: Choices, zone: ZoneInfo) -> bool:
    if choices.by_day and culture.is_day:
        return 0 <= _days(culture.at, drug.at, zone) <= DAYS_AFTER_CULTURE
    gap = drug.at - culture.at
    return (0 if choices.same_instant else 1) <= gap <= ANTIBIOTIC_AFTER_CULTURE


def _follows(culture: Culture, drug: Drug, choices: Choices, zone: ZoneInfo) -> bool:
    if choices.by_day and culture.is_day:
        return 0 <= _days(drug.at, culture.at, zone) <= DAYS_AFTER_ANTIBIOTIC
    return 0 < culture.at - drug.at <= CULTURE_AFTER_ANTIBIOTIC


def _days(start: int, end: int, zone: ZoneInfo) -> int:
    return (local(end, zone).date() - local(start, zone).date()).days


def _suspicion(
    drug: Drug, culture: Culture, drugs: Sequence[Drug], choices: Choices
) -> Suspicion | None:
    needed = _doses(drug, drugs, choices.doses)
    if needed is None:
        return None
    return Suspicion(
        choices.variant,
        min(drug.at, culture.at),
        culture,
        drug,
        max(culture.known_at, drug.known_at, *(dose.known_at for dose in needed)),
        (culture.source, drug.source, *(dose.source for dose in needed)),
    )


def _doses(drug: Drug, drugs: Sequence[Drug], wanted: int) -> tuple[Drug, ...] | None:
    """The further doses that are needed, beside the first; None where they were not given.

    What runs for a day or longer, an order or an infusion, is more than one dose. [P]
    """
    if wanted <= 1 or ends(drug) - drug.at >= 24 * HOUR:
        return ()
    later = [
        dose
        for dose in drugs
        if dose.source != drug.source and 0 <= dose.at - drug.at <= NEXT_DOSE_WITHIN
    ]
    return tuple(later[: wanted - 1]) if len(later) >= wanted - 1 else None


def _reason(
    evidence: Evidence,
    cultures: Sequence[Culture],
    drugs: Sequence[Drug],
    paired: Sequence[tuple[Drug, Culture | None]],
    choices: Choices,
) -> Reason:
    """The first thing that was wanting."""
    wanting: tuple[tuple[bool, Reason], ...] = (
        (not evidence.cultures, "no_culture"),
        (not cultures, "no_blood_culture"),
        (not evidence.antibiotics, "no_antibiotic"),
        (not drugs, "no_intravenous_antibiotic"),
        (not paired, "course_too_short"),
        (any(culture is not None for _, culture in paired), "single_dose"),
        (_coincides(cultures, paired, choices), "same_instant"),
    )
    return next((reason for is_so, reason in wanting if is_so), "too_far_apart")


def _coincides(
    cultures: Sequence[Culture], paired: Sequence[tuple[Drug, Culture | None]], choices: Choices
) -> bool:
    instants = {culture.at for culture in cultures}
    return not choices.same_instant and any(drug.at in instants for drug, _ in paired)
