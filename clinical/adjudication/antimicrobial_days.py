"""Days of antimicrobials for the CDC Adult Sepsis Event: which are new, and how many follow.

Here: runs of consecutive days that begin with a new drug near a blood culture. Not here: organ
dysfunction (organ_dysfunction.py), or the event (adult_sepsis_event.py), which cites the source.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from clinical.adjudication.evidence import Drug, local
from clinical.adjudication.standing import Source

# Calendar days before and after the blood culture, and between a drug and its being new again.
WINDOW_DAYS = 2
NEW_AFTER_DAYS = 2
FEWEST_DAYS = 4


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive antimicrobial days, with the doses that make them."""

    first: date
    days: int
    doses: tuple[Drug, ...]
    is_parenteral: bool
    is_long: bool


def is_near(day: date, culture: date) -> bool:
    """Whether a day lies in the window around the blood culture's."""
    return abs((day - culture).days) <= WINDOW_DAYS


def runs(
    antibiotics: Sequence[Drug], ended_early: int | None, culture: date, zone: ZoneInfo
) -> Iterator[Run]:
    """Runs of antimicrobial days that begin with a new drug near the culture, by first day."""
    courses = list(_drug_courses(antibiotics, zone))
    for first in sorted({min(course) for course in courses if is_near(min(course), culture)}):
        begun = [course for course in courses if min(course) >= first]
        days, day = 0, first
        doses: dict[Source, Drug] = {}
        while given := [dose for course in begun for dose in course.get(day, ())]:
            doses |= {dose.source: dose for dose in given}
            days, day = days + 1, day + timedelta(days=1)
        ended = None if ended_early is None else local(ended_early, zone).date()
        cut_short = ended is not None and first <= ended <= day
        yield Run(
            first,
            days,
            tuple(doses.values()),
            any(dose.route in {"intravenous", "parenteral"} for dose in doses.values()),
            days >= FEWEST_DAYS or bool(cut_short),
        )


def _drug_courses(drugs: Iterable[Drug], zone: ZoneInfo) -> Iterator[dict[date, list[Drug]]]:
    """Of each drug its days, cut where it was not given for so long that it is new again."""
    by_drug: dict[str, dict[date, list[Drug]]] = {}
    for drug in drugs:
        days = by_drug.setdefault(drug.ingredient, {})
        for day in days_of(drug, zone):
            days.setdefault(day, []).append(drug)
    for days in by_drug.values():
        course: dict[date, list[Drug]] = {}
        for day in sorted(days):
            if course and (day - max(course)).days > NEW_AFTER_DAYS:
                yield course
                course = {}
            course[day] = days[day]
        yield course


def days_of(drug: Drug, zone: ZoneInfo) -> Iterator[date]:
    """The days that a drug counts on."""
    day, last = local(drug.at, zone).date(), local(drug.until or drug.at, zone).date()
    yield day
    while day < last:
        day += timedelta(days=1)
        yield day


# Discharge dispositions (PV1-36 as sent) after which fewer days suffice: death, hospice, another
# hospital. Codes of HL7 table 0112, and words as MIMIC-III writes them. [P]
EARLY_CODES = frozenset({"02", "20", "40", "41", "42", "50", "51"})
EARLY_WORDS: Mapping[str, str] = {
    "DEAD": "death",
    "EXPIRED": "death",
    "HOSPICE": "hospice",
    "SHORT TERM HOSPITAL": "transfer",
}


def ends_early(disposition: str | None) -> bool:
    """Whether a discharge disposition says that treatment was cut short."""
    text = (disposition or "").upper()
    return text in EARLY_CODES or any(word in text for word in EARLY_WORDS)
