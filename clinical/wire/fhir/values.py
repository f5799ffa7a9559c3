"""Value[x] of an Observation or component as the columns of a value.

Here: each value type's text, number, comparator and unit, as sent. Not here: canonical units and
coded answers (clinical/normalise).

Only Quantity and integer give a number. Range, Ratio, times and periods are kept as text; the
samples of SampledData stay in the raw message alone.
"""

import math

from msgspec import Raw

from clinical.wire.fhir.codings import answer
from clinical.wire.fhir.resources import Measured, Period, Quantity, Range, Ratio

# What JSON numbers begin with; a quoted number is text, and true, null or an object are no numbers.
_NUMBER_STARTS = frozenset("-0123456789")

UCUM = "http://unitsofmeasure.org"


# Type, text, comparator, number and unit, in the contract's order; all null when there is no value.
Value = tuple[str | None, str | None, str | None, float | None, str | None]

NO_VALUE: Value = (None, None, None, None, None)


def value_of(measured: Measured) -> Value:
    """The value, or NO_VALUE.

    A value beside a dataAbsentReason is none: the sender says that it is there and that it is not
    (invariant obs-6), and neither is believed.
    """
    if measured.data_absent_reason is not None:
        return NO_VALUE
    if measured.value_quantity is not None:
        return _quantity(measured.value_quantity)
    if measured.value_codeable_concept is not None:
        return _texted("CodeableConcept", answer(measured.value_codeable_concept))
    if measured.value_string is not None:
        return _texted("string", measured.value_string)
    return _rarer(measured)


def _rarer(measured: Measured) -> Value:
    if measured.value_boolean is not None:
        return _texted("boolean", "true" if measured.value_boolean else "false")
    if (integer := _verbatim(measured.value_integer)) is not None:
        number = _number(integer) if integer[0] in _NUMBER_STARTS else None
        return ("integer", integer.strip('"'), None, number, None)
    if _verbatim(measured.value_sampled_data) is not None:
        return ("SampledData", None, None, None, None)
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
    return ("Quantity", text.strip('"'), quantity.comparator, number, _unit(quantity))


def _unit(quantity: Quantity) -> str | None:
    if quantity.system == UCUM and quantity.code:
        return quantity.code
    return quantity.unit or quantity.code


def _texted(kind: str, text: str | None) -> Value:
    return (kind, text, None, None, None) if text else NO_VALUE


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
