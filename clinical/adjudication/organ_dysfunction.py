"""Organ dysfunction as the CDC Adult Sepsis Event counts it, each with its day.

Here: vasopressors and ventilation that begin, and laboratory values against their baseline. Not
here: SOFA (sofa.py), or the event (adult_sepsis_event.py), which cites the source.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from clinical.adjudication.antimicrobial_days import days_of
from clinical.adjudication.evidence import Culture, Drug, Measured, Values, local
from clinical.adjudication.standing import Source

# An event is a doubling, or a halving, against the baseline.
DOUBLED, HALVED = 2.0, 0.5
# Canonical units of clinical/concepts.csv: mg/dL, 10*3/uL, mmol/L.
BILIRUBIN, PLATELETS, PLATELETS_BASELINE, LACTATE = 2.0, 100.0, 100.0, 2.0
VALUES = ("creatinine", "bilirubin_total", "platelets", "lactate")


Variant = Literal["cdc_ase", "cdc_ase_lactate"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
Dysfunction = Literal[
    "vasopressor", "ventilation", "creatinine", "bilirubin", "platelets", "lactate"
]


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of one visit of one patient.

    `values` has the concepts of VALUES, `ventilated` when a ventilator was charted; `ended_early`
    is when death, hospice, transfer or comfort care cut treatment short.
    """

    encounter: str | None
    cultures: Sequence[Culture] = ()
    antibiotics: Sequence[Drug] = ()
    vasopressors: Sequence[Drug] = ()
    values: Values | None = None
    ventilated: Sequence[Measured] = ()
    ended_early: int | None = None
    has_end_stage_renal_disease: bool = False
    birth_date: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One organ dysfunction, and the row that shows it."""

    kind: Dysfunction
    on: date
    known_at: int
    source: Source


def dysfunctions(visit: Visit, zone: ZoneInfo, variant: Variant) -> Iterator[Found]:
    """Every organ dysfunction of a visit; a raised lactate in the variant that takes it."""
    given = [drug for drug in visit.vasopressors if drug.is_given]
    yield from _begun("vasopressor", given, zone)
    yield from _begun("ventilation", visit.ventilated, zone)
    values = visit.values or {}
    for kind, concept, is_failing in _FAILING:
        if kind == "creatinine" and visit.has_end_stage_renal_disease:
            continue
        if kind == "lactate" and variant != "cdc_ase_lactate":
            continue
        told = values.get(concept, ())
        for one in told:
            if is_failing(one.value, [other.value for other in told]):
                yield Found(kind, local(one.at, zone).date(), one.known_at, one.source)


def _begun(
    kind: Dysfunction, seen: Sequence[Drug] | Sequence[Measured], zone: ZoneInfo
) -> Iterator[Found]:
    days: dict[date, Drug | Measured] = {}
    covered: set[date] = set()
    for one in seen:
        days.setdefault(local(one.at, zone).date(), one)
        covered |= (
            set(days_of(one, zone)) if isinstance(one, Drug) else {local(one.at, zone).date()}
        )
    for day, one in days.items():
        if day - timedelta(days=1) not in covered:
            yield Found(kind, day, one.known_at, one.source)


_Failing = Callable[[float, Sequence[float]], bool]
_FAILING: Sequence[tuple[Dysfunction, str, _Failing]] = (
    ("creatinine", "creatinine", lambda value, told: value >= DOUBLED * min(told) > 0),
    (
        "bilirubin",
        "bilirubin_total",
        lambda value, told: value >= BILIRUBIN and value >= DOUBLED * min(told),
    ),
    (
        "platelets",
        "platelets",
        lambda value, told: (
            value < PLATELETS and max(told) >= PLATELETS_BASELINE and value <= HALVED * max(told)
        ),
    ),
    ("lactate", "lactate", lambda value, _: value >= LACTATE),
)
