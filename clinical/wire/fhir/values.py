"""Value[x] of Observations and components as the columns of a value.

Here: each value type's text, number, comparator and unit, as sent. Not here: canonical units and
coded answers (clinical/normalise).

Only Quantity and integer give a number. Range, Ratio, times and periods are kept as text; the
samples of SampledData stay in the raw message alone.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from clinical.wire.fhir.codings import answer_of
from clinical.wire.fhir.core import Measured
from clinical.wire.fhir.resources import Period, Quantity, Range, Ratio
from clinical.wire.fhir.texts import FEW, Column, column

# What JSON numbers begin with; a quoted number is text, and true, null or an object are no numbers.
_NUMBER_STARTS = frozenset("-0123456789")
_STARTS = np.zeros(256, np.bool_)
_STARTS[[ord(character) for character in _NUMBER_STARTS]] = True

UCUM = "http://unitsofmeasure.org"
Flags = npt.NDArray[np.bool_]
STRING, DOUBLE = pa.string(), pa.float64()


class Value(NamedTuple):
    """A value in the contract's order; all null when there is none."""

    type: str | None
    text: str | None
    comparator: str | None
    number: float | None
    unit: str | None


class Values(NamedTuple):
    """The columns of many values, named as in the contract."""

    value_type: Column
    value_text: Column
    comparator: Column
    value_number: Column
    unit_as_sent: Column


_NO_QUANTITY = Quantity()
NO_VALUE = Value(None, None, None, None, None)


def values(measured: Sequence[Measured]) -> Values:
    """The values of many, those that are plain quantities read as columns."""
    if len(measured) <= FEW:
        return Values(*zip(*map(value_of, measured), strict=True))
    amounts = [each.value_quantity or _NO_QUANTITY for each in measured]
    absent = [each.data_absent_reason for each in measured]
    if any(absent):
        pairs = zip(amounts, absent, strict=True)
        amounts = [_NO_QUANTITY if reason else amount for amount, reason in pairs]
    texts = column([each.value for each in amounts])
    others = np.flatnonzero(~_numeric(texts)).tolist()
    return _quantities(amounts, texts, others, [value_of(measured[row]) for row in others])


def has_value(measured: Measured) -> bool:
    """Whether there is a value at all."""
    return value_of(measured) is not NO_VALUE


def _numeric(texts: pa.Array) -> Flags:
    """Which texts are JSON numbers."""
    bounds = np.frombuffer(texts.buffers()[1], np.int64)
    content = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    found = bounds[1:] > bounds[:-1]
    found[found] = _STARTS[content[bounds[:-1][found]]]
    return found


def _quantities(
    amounts: Sequence[Quantity], texts: pa.Array, others: Sequence[int], read: Sequence[Value]
) -> Values:
    """The columns of quantities, and among them what was `read` of `others` one by one."""
    kinds = pa.repeat("Quantity", len(amounts))
    comparators = [each.comparator for each in amounts]
    units = [each.code if each.system == UCUM and each.code else _unit(each) for each in amounts]
    sent = texts.cast(pa.large_string()).cast(STRING)
    if others:
        for row, value in zip(others, read, strict=True):
            comparators[row], units[row] = value.comparator, value.unit
        rest = np.zeros(len(amounts), np.bool_)
        rest[others] = True
        told = pa.array([value.text for value in read], STRING)
        types = pa.array([value.type for value in read], STRING)
        kinds = pc.replace_with_mask(kinds, pa.array(rest), types)
        digits = pc.replace_with_mask(sent, pa.array(rest), pa.array(["0"] * len(read)))
        numbers = digits.cast(DOUBLE)
        own = pa.array([value.number for value in read], DOUBLE)
        sent = pc.replace_with_mask(sent, pa.array(rest), told)
        numbers = pc.replace_with_mask(numbers, pa.array(rest), own)
    else:
        numbers = sent.cast(DOUBLE)
    return Values(
        kinds,
        sent,
        pa.array(comparators, STRING) if any(comparators) else pa.nulls(len(amounts), STRING),
        _finite(numbers),
        pa.array(units, STRING),
    )


def value_of(measured: Measured) -> Value:
    """The value, or NO_VALUE.

    A value beside a dataAbsentReason is none: the sender says that it is there and that it is not
    (invariant obs-6), and neither is believed.
    """
    if measured.data_absent_reason and _verbatim(measured.data_absent_reason) is not None:
        return NO_VALUE
    if measured.value_quantity is not None:
        return _quantity(measured.value_quantity)
    if measured.value_codeable_concept:
        concept = bytes(measured.value_codeable_concept)
        if concept != b"null":
            told = answer_of(concept)
            return _texted("CodeableConcept", told[0] if told else None)
    if measured.value_string is not None:
        return _texted("string", measured.value_string)
    return _rarer(measured)


def _rarer(measured: Measured) -> Value:  # noqa: PLR0911 - one line a type
    if measured.value_boolean is not None:
        return _texted("boolean", "true" if measured.value_boolean else "false")
    if measured.value_integer and (integer := _verbatim(measured.value_integer)) is not None:
        number = _number(integer) if integer[0] in _NUMBER_STARTS else None
        return Value("integer", integer.strip('"'), None, number, None)
    if measured.value_sampled_data and _verbatim(measured.value_sampled_data) is not None:
        return Value("SampledData", None, None, None, None)
    if measured.value_range is not None:
        return _texted("Range", _range(measured.value_range))
    if measured.value_ratio is not None:
        return _texted("Ratio", _ratio(measured.value_ratio))
    if measured.value_period is not None:
        return _texted("Period", _period(measured.value_period))
    if measured.value_date_time is not None:
        return _texted("dateTime", measured.value_date_time)
    return _texted("time", measured.value_time)


def _quantity(quantity: Quantity) -> Value:
    text = _verbatim(quantity.value)
    if text is None:
        return NO_VALUE
    number = _number(text) if text[0] in _NUMBER_STARTS else None
    return Value("Quantity", text.strip('"'), quantity.comparator, number, _unit(quantity))


def _finite(numbers: pa.DoubleArray) -> pa.DoubleArray:
    finite = pc.is_finite(numbers)
    return pc.if_else(finite, numbers, pa.scalar(None, DOUBLE)) if finite.false_count else numbers


def _unit(quantity: Quantity) -> str | None:
    if quantity.system == UCUM and quantity.code:
        return quantity.code
    return quantity.unit or quantity.code


def _texted(kind: str, text: str | None) -> Value:
    return Value(kind, text, None, None, None) if text else NO_VALUE


def _verbatim(raw: Raw) -> str | None:
    """The JSON of a value, a string with its quotes; None for null or nothing."""
    text = bytes(raw).decode("utf-8", "replace")
    return None if not text or text == "null" else text


def _number(text: str) -> float | None:
    """The number a JSON number denotes; None where it is too large to be one."""
    number = float(text)
    return number if math.isfinite(number) else None


def _range(value: Range) -> str | None:
    low, high = amount(value.low), amount(value.high)
    return f"{low or ''}-{high or ''}" if low or high else None


def _ratio(value: Ratio) -> str | None:
    above, below = amount(value.numerator), amount(value.denominator)
    return f"{above or ''}:{below or ''}" if above or below else None


def _period(value: Period) -> str | None:
    return f"{value.start or ''}/{value.end or ''}" if value.start or value.end else None


def amount(quantity: Quantity | None) -> str | None:
    """The digits of a quantity as sent."""
    text = None if quantity is None else _verbatim(quantity.value)
    return text.strip('"') if text else None
