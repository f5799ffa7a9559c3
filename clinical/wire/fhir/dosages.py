"""How much of a drug, how fast, by which way and for how long.

Here: dosages of FHIR as amounts, rates, routes and bounds. Not here: canonical units
(clinical/normalise), or doses in words.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
from msgspec import Raw

from clinical.wire.fhir.codings import code_of
from clinical.wire.fhir.found import Found, R
from clinical.wire.fhir.reasons import Reason
from clinical.wire.fhir.resources import NOTHING, Element, Period, Quantity, Range, Ratio
from clinical.wire.fhir.texts import distinct

UCUM = "http://unitsofmeasure.org"
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "wk": 604_800}
# Longer instructions are not remembered: memory stays bounded whatever a sender puts in them.
_REMEMBERED_BYTES = 2048
_NUMBER_STARTS = frozenset("-0123456789")


class Repeat(Element):
    """When a dose is due: only from when to when."""

    bounds_period: Period | None = None
    bounds_duration: Quantity | None = None


class Schedule(Element):
    """When a dose is due; `event` are listed moments."""

    event: list[str | None] | None = None
    repeat: Repeat | None = None


class DoseAndRate(Element):
    """How much and how fast."""

    dose_quantity: Quantity | None = None
    dose_range: Range | None = None
    rate_quantity: Quantity | None = None
    rate_ratio: Ratio | None = None


class Dosage(Element):
    """One instruction of a request, a dispense or a statement."""

    timing: Schedule | None = None
    route: Raw = NOTHING
    dose_and_rate: list[DoseAndRate | None] | None = None


_DOSAGES = msgspec.json.Decoder(list[Dosage | None] | None)


class Given(Element):
    """The dosage of an administration."""

    route: Raw = NOTHING
    dose: Quantity | None = None
    rate_quantity: Quantity | None = None
    rate_ratio: Ratio | None = None


class Amount(NamedTuple):
    """A number with its unit."""

    number: float | None
    unit: str | None


class Taken(NamedTuple):
    """What a dosage says; times as text, `lasts` in microseconds."""

    route: str | None = None
    dose: Amount = Amount(None, None)
    rate: Amount = Amount(None, None)
    begins: str | None = None
    ends: str | None = None
    lasts: int | None = None


NO_DOSE = Taken()


def planned(found: Found[R], instructions: Sequence[Raw]) -> list[Taken]:
    """The first instruction of each; further ones change the dose later on, which is not told.

    A feed sends few distinct ones: each text of usual length is read once.
    """
    if not any(instructions):
        return [NO_DOSE] * len(instructions)
    each = distinct(instructions)
    read = [_dosage(text) for text in each.texts]
    for row in each.rows_of([dose is None for dose in read]) if None in read else ():
        found.refuse(row, Reason.WRONG_SHAPE)
    return each.repeated([dose or NO_DOSE for dose in read])


def _dosage(text: bytes) -> Taken | None:
    if not text:
        return NO_DOSE
    return _remembered(text) if len(text) <= _REMEMBERED_BYTES else _read(text)


def _read(text: bytes) -> Taken | None:
    try:
        read = _DOSAGES.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return _first(read)


_remembered = lru_cache(maxsize=4096)(_read)


def _first(dosages: list[Dosage | None] | None) -> Taken:
    first = next((one for one in dosages or () if one is not None), None)
    if first is None:
        return NO_DOSE
    amount = next(filter(None, first.dose_and_rate or ()), None) or DoseAndRate()
    timing = first.timing or Schedule()
    bounds = timing.repeat or Repeat()
    period = bounds.bounds_period or Period()
    listed = [moment for moment in timing.event or () if moment]
    return Taken(
        route_of(first.route),
        dose_of(amount.dose_quantity),
        _rate(amount.rate_quantity, amount.rate_ratio),
        period.start or (listed[0] if listed else None),
        period.end,
        _lasts(bounds.bounds_duration),
    )


def given(dosage: Given | None) -> Taken:
    """What was given."""
    if dosage is None:
        return NO_DOSE
    rate = _rate(dosage.rate_quantity, dosage.rate_ratio)
    return Taken(route_of(dosage.route), dose_of(dosage.dose), rate)


def route_of(raw: Raw) -> str | None:
    """The words of a route, else its code: SNOMED CT's numbers say nothing to a reader."""
    told = code_of(bytes(raw)) if raw else None
    return (told.text or told.code) if told else None


def dose_of(quantity: Quantity | None) -> Amount:
    """An amount; one that is only compared (`<5`) is none."""
    if quantity is None or quantity.comparator:
        return Amount(None, None)
    return Amount(_number(quantity.value), _unit(quantity))


def _rate(quantity: Quantity | None, ratio: Ratio | None) -> Amount:
    """A rate; a ratio's amount per one of the unit below: 100 mL per 2 h is 50 mL/h."""
    if quantity is not None:
        return dose_of(quantity)
    above, below = (
        (dose_of(ratio.numerator), dose_of(ratio.denominator)) if ratio else (_NONE, _NONE)
    )
    if above.number is None or not below.number or not above.unit or not below.unit:
        return _NONE
    return Amount(above.number / below.number, f"{above.unit}/{below.unit}")


_NONE = Amount(None, None)


def _lasts(duration: Quantity | None) -> int | None:
    """A length of time in microseconds; None where its unit is not one of a fixed length."""
    length = dose_of(duration)
    seconds = _SECONDS.get(length.unit or "")
    return (
        None if length.number is None or seconds is None else round(length.number * seconds * 1e6)
    )


def _unit(quantity: Quantity) -> str | None:
    if quantity.system == UCUM and quantity.code:
        return quantity.code
    return quantity.unit or quantity.code


def _number(raw: Raw) -> float | None:
    """The JSON number; None for anything else, or what is too large to be one."""
    text = bytes(raw).decode("utf-8", "replace")
    if not text or text[0] not in _NUMBER_STARTS:
        return None
    number = float(text)
    return number if math.isfinite(number) else None
