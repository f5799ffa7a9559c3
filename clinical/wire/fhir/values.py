"""Value[x] of Observations and components as the columns of a value.

Here: each value type's text, number, comparator and unit, as sent. Not here: canonical units and
coded answers (clinical/normalise).

Only Quantity and integer give a number. Range, Ratio, times and periods are kept as text; the
samples of SampledData stay in the raw message alone.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from clinical.wire.fhir.codings import answer_of, has_code
from clinical.wire.fhir.core import Bound, Measured
from clinical.wire.fhir.resources import Period, Quantity, Range, Ratio
from clinical.wire.fhir.texts import FEW, column, distinct

# What JSON numbers begin with; a quoted number is text, and true, null or an object are no numbers.
_NUMBER_STARTS = frozenset("-0123456789")
_STARTS = np.zeros(256, np.bool_)
_STARTS[[ord(character) for character in _NUMBER_STARTS]] = True

UCUM = "http://unitsofmeasure.org"
_BOUNDS = msgspec.json.Decoder(list[Bound | None] | None)
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

    value_type: pa.Array
    value_text: pa.Array
    comparator: pa.Array
    value_number: pa.Array
    unit_as_sent: pa.Array


NO_VALUE = Value(None, None, None, None, None)
_KINDS = (STRING, STRING, STRING, DOUBLE, STRING)


def values(measured: Sequence[Measured]) -> Values:
    """The values of many, those that are plain quantities read as columns."""
    amounts = [each.value_quantity for each in measured]
    if len(measured) > FEW and None not in amounts:
        absent = any(each.data_absent_reason for each in measured)
        if not absent and (told := _quantities(amounts)) is not None:  # type: ignore[arg-type]
            return told
    if len(measured) > FEW:
        return _mixed(measured)
    read = [value_of(each) for each in measured]
    return _columns(read)


def has_value(measured: Measured) -> bool:
    """Whether there is a value at all."""
    return value_of(measured) is not NO_VALUE


def ranges(raws: Sequence[Raw]) -> pa.Array:
    """Reference ranges as HL7 v2 writes them; of several the one for everybody, else the first."""
    if not any(raws):
        return pa.nulls(len(raws), STRING)
    each = distinct(raws)
    return each.spread([_usual(text) for text in each.texts], STRING)


@lru_cache(maxsize=4096)
def _usual(text: bytes) -> str | None:
    try:
        read = _BOUNDS.decode(text or b"null") or ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    told = [bound for bound in read if bound is not None]
    chosen = next((bound for bound in told if _is_usual(bound)), told[0] if told else None)
    return _bounds(chosen) if chosen else None


def _is_usual(bound: Bound) -> bool:
    return bound.type is None or has_code(bound.type, ("normal",))


def _bounds(bound: Bound) -> str | None:
    low, high = _amount(bound.low), _amount(bound.high)
    if low and high:
        return f"{low}-{high}"
    if low or high:
        return f">={low}" if low else f"<={high}"
    return bound.text


def _mixed(measured: Sequence[Measured]) -> Values:
    """Quantities as columns, the others one by one, each back in its place."""
    plain = [each.value_quantity is not None and not each.data_absent_reason for each in measured]
    quantities = [
        each.value_quantity for each, is_plain in zip(measured, plain, strict=True) if is_plain
    ]
    others = [
        value_of(each) for each, is_plain in zip(measured, plain, strict=True) if not is_plain
    ]
    told = _quantities(quantities) if len(quantities) > FEW else None  # type: ignore[arg-type]
    if told is None:
        return _columns([value_of(each) for each in measured])
    flags = np.array(plain)
    place = np.where(flags, np.cumsum(flags) - 1, len(quantities) + np.cumsum(~flags) - 1)
    order = pa.array(place)
    both = zip(told, _columns(others), strict=True)
    return Values(*(pa.concat_arrays([one, other]).take(order) for one, other in both))


def _columns(read: Sequence[Value]) -> Values:
    columns = zip(*read, strict=True) if read else ((),) * len(_KINDS)
    return Values(*(pa.array(each, kind) for each, kind in zip(columns, _KINDS, strict=True)))


def _quantities(amounts: Sequence[Quantity]) -> Values | None:
    """The columns of quantities; None where one of them is no plain JSON number."""
    texts = column([each.value for each in amounts])
    bounds = np.frombuffer(texts.buffers()[1], np.int64)
    content = np.frombuffer(texts.buffers()[2], np.uint8)
    if (bounds[1:] == bounds[:-1]).any() or not _STARTS[content[bounds[:-1]]].all():
        return None
    sent = texts.cast(pa.large_string()).cast(STRING)
    numbers = sent.cast(DOUBLE)
    return Values(
        pa.array(["Quantity"]).take(pa.array(np.zeros(len(amounts), np.int64))),
        sent,
        pa.array([each.comparator for each in amounts], STRING),
        pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, DOUBLE)),
        pa.array([_unit(each) for each in amounts], STRING),
    )


def value_of(measured: Measured) -> Value:
    """The value, or NO_VALUE.

    A value beside a dataAbsentReason is none: the sender says that it is there and that it is not
    (invariant obs-6), and neither is believed.
    """
    if _verbatim(measured.data_absent_reason) is not None:
        return NO_VALUE
    if measured.value_quantity is not None:
        return _quantity(measured.value_quantity)
    if _verbatim(measured.value_codeable_concept) is not None:
        told = answer_of(bytes(measured.value_codeable_concept))
        return _texted("CodeableConcept", told[0] if told else None)
    if measured.value_string is not None:
        return _texted("string", measured.value_string)
    return _rarer(measured)


def _rarer(measured: Measured) -> Value:
    if measured.value_boolean is not None:
        return _texted("boolean", "true" if measured.value_boolean else "false")
    if (integer := _verbatim(measured.value_integer)) is not None:
        number = _number(integer) if integer[0] in _NUMBER_STARTS else None
        return Value("integer", integer.strip('"'), None, number, None)
    if _verbatim(measured.value_sampled_data) is not None:
        return Value("SampledData", None, None, None, None)
    texts = {
        "Range": _range(measured.value_range),
        "Ratio": _ratio(measured.value_ratio),
        "Period": _period(measured.value_period),
        "dateTime": measured.value_date_time,
        "time": measured.value_time,
    }
    return next((_texted(kind, text) for kind, text in texts.items() if text), NO_VALUE)


def _quantity(quantity: Quantity) -> Value:
    text = _verbatim(quantity.value)
    if text is None:
        return NO_VALUE
    number = _number(text) if text[0] in _NUMBER_STARTS else None
    return Value("Quantity", text.strip('"'), quantity.comparator, number, _unit(quantity))


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


def _range(value: Range | None) -> str | None:
    if value is None:
        return None
    low, high = _amount(value.low), _amount(value.high)
    return f"{low or ''}-{high or ''}" if low or high else None


def _ratio(value: Ratio | None) -> str | None:
    if value is None:
        return None
    above, below = _amount(value.numerator), _amount(value.denominator)
    return f"{above or ''}:{below or ''}" if above or below else None


def _period(value: Period | None) -> str | None:
    if value is None:
        return None
    return f"{value.start or ''}/{value.end or ''}" if value.start or value.end else None


def _amount(quantity: Quantity | None) -> str | None:
    text = None if quantity is None else _verbatim(quantity.value)
    return text.strip('"') if text else None
