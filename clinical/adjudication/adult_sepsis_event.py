"""The CDC Adult Sepsis Event: a retrospective label by days of the calendar.

Here: presumed infection and organ dysfunction of one visit. Not here: any table.

Source: CDC, Hospital Toolkit for Adult Sepsis Surveillance, March 2018 (definitions section 6):
a blood culture and four or more consecutive days of antimicrobials that begin, new, within two days
of it; and within two days of it an organ dysfunction. Project choices, since the summary leaves
them open: [P]

* A day is one of the hospital's zone; an order counts on every day from its start to its end.
* The baseline of a laboratory value is the best value of the visit.
* A day on which a visit ends early (death, hospice, transfer, comfort care) and the day before it
  let fewer days suffice.
* A vasopressor or a ventilator is begun on a day that has one where the day before has none.
* A fall of the eGFR is not looked at; creatinine stands for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from clinical.adjudication.antimicrobial_days import Run, is_near, runs
from clinical.adjudication.evidence import Culture, local
from clinical.adjudication.organ_dysfunction import (
    Dysfunction,
    Found,
    Variant,
    Visit,
    dysfunctions,
)
from clinical.adjudication.standing import Source

NoEvent = Literal[
    "under_age",
    "no_blood_culture",
    "no_antibiotic",
    "none_new_near_culture",
    "too_few_days",
    "none_parenteral",
    "no_dysfunction",
]
# Adult definitions do not hold before this age; clinical definitions, section 5.
ADULT_YEARS = 18


@dataclass(frozen=True, slots=True)
class AdultSepsisEvent:
    """What one variant says of one visit; `reason` tells why it is not met."""

    variant: Variant
    encounter: str | None
    reason: NoEvent | None
    culture_on: date | None = None
    antimicrobial_on: date | None = None
    antimicrobial_days: int | None = None
    onset_on: date | None = None
    known_at: int | None = None
    dysfunctions: tuple[Dysfunction, ...] = ()
    sources: tuple[Source, ...] = ()


def event(visit: Visit, zone: ZoneInfo, variant: Variant) -> AdultSepsisEvent:
    """The event of a visit; `cdc_ase_lactate` takes a raised lactate for a dysfunction too."""
    cultures = [culture for culture in visit.cultures if culture.is_blood]
    best: AdultSepsisEvent | None = None
    for culture in cultures:
        found = _near(culture, visit, zone, variant)
        if found.reason is None:
            return found
        if best is None or _RANK.index(found.reason) > _RANK.index(best.reason or _RANK[0]):
            best = found
    return best or AdultSepsisEvent(variant, visit.encounter, "no_blood_culture")


# What is wanting, from what fails first to what fails last.
_RANK: Sequence[NoEvent] = (
    "under_age",
    "no_blood_culture",
    "no_antibiotic",
    "none_new_near_culture",
    "too_few_days",
    "none_parenteral",
    "no_dysfunction",
)


def _near(culture: Culture, visit: Visit, zone: ZoneInfo, variant: Variant) -> AdultSepsisEvent:
    day = local(culture.at, zone).date()
    if is_under_age(visit.birth_date, day):
        return AdultSepsisEvent(variant, visit.encounter, "under_age", day)
    if not visit.antibiotics:
        return AdultSepsisEvent(variant, visit.encounter, "no_antibiotic", day)
    courses = list(runs(visit.antibiotics, visit.ended_early, day, zone))
    if not courses:
        return AdultSepsisEvent(variant, visit.encounter, "none_new_near_culture", day)
    long = [run for run in courses if run.is_long]
    parenteral = [run for run in long if run.is_parenteral]
    if not parenteral:
        return AdultSepsisEvent(
            variant, visit.encounter, "none_parenteral" if long else "too_few_days", day
        )
    run = parenteral[0]
    found = [one for one in dysfunctions(visit, zone, variant) if is_near(one.on, day)]
    counted = AdultSepsisEvent(variant, visit.encounter, "no_dysfunction", day, run.first, run.days)
    return _met(counted, culture, run, found) if found else counted


def _met(
    counted: AdultSepsisEvent, culture: Culture, run: Run, found: Sequence[Found]
) -> AdultSepsisEvent:
    first = min(found, key=lambda one: (one.on, one.known_at, one.source))
    known = [culture.known_at, *(dose.known_at for dose in run.doses)]
    return AdultSepsisEvent(
        counted.variant,
        counted.encounter,
        None,
        counted.culture_on,
        run.first,
        run.days,
        onset_on=min(day for day in (counted.culture_on, run.first, first.on) if day),
        known_at=max(*known, min(one.known_at for one in found)),
        dysfunctions=tuple(sorted({one.kind for one in found})),
        sources=(culture.source, run.doses[0].source, first.source),
    )


def is_under_age(born: date | None, on: date) -> bool:
    """Whether somebody was no adult on a day; without a birth date nobody is taken for a child."""
    if born is None:
        return False
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day)) < ADULT_YEARS
