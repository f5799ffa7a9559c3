"""Reference ranges of Observations, as HL7 v2 writes them.

Here: which of several ranges counts, and its text. Not here: values (values.py).
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import pyarrow as pa
from msgspec import Raw

from clinical.wire.fhir.codings import has_code
from clinical.wire.fhir.core import Bound
from clinical.wire.fhir.texts import Column, distinct, nothing
from clinical.wire.fhir.values import amount

STRING = pa.string()
_BOUNDS = msgspec.json.Decoder(list[Bound | None] | None)


def ranges(raws: Sequence[Raw]) -> Column:
    """Reference ranges as HL7 v2 writes them; of several the one for everybody, else the first."""
    if not any(raws):
        return nothing(len(raws))
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
    low, high = amount(bound.low), amount(bound.high)
    if low and high:
        return f"{low}-{high}"
    if low or high:
        return f">={low}" if low else f"<={high}"
    return bound.text
