"""What a segment says of a drug: which one, how much of it, how fast and when.

Here: where RXA, RXE, RXO, RXG and RXD have it. Not here: the order that they stand under, or what
became of it (medications.py).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from clinical.wire.hl7.header import times
from clinical.wire.hl7.index import Rows
from clinical.wire.hl7.kept import Kept
from clinical.wire.hl7.text import first_known
from clinical.wire.hl7.values import BLANK, amount
from clinical.wire.time import UTC

STRING, DOUBLE = pa.string(), pa.float64()
# Components of the old quantity/timing type (TQ).
TQ_START, TQ_END = 4, 5
RATE_WITH_UNIT = re.compile(
    rf"{BLANK}(\d+(?:\.\d*)?|\.\d+){BLANK}(?<=[\t\n\f\r ])([^\t\n\f\r ].*?){BLANK}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Places:
    """The fields of a segment; 0 where it has none."""

    code: int = 0
    dose: int = 0
    dose_unit: int = 0
    rate: int = 0
    rate_unit: int = 0
    start: int = 0
    end: int = 0
    quantity: int = 0
    original: int = 0


# In the order of preference within one order. ORC is an order that only changes another.
SEGMENTS: Mapping[str, Places] = MappingProxyType(
    {
        "RXA": Places(code=5, dose=6, dose_unit=7, rate=12, start=3, end=4),
        "RXE": Places(2, 3, 5, 23, 24, quantity=1, original=32),
        "RXO": Places(1, 2, 4, 21, 22),
        "RXG": Places(4, 5, 7, 15, 16),
        "RXD": Places(2, 4, 5, start=3),
        "ORC": Places(),
    }
)


def drug(rows: Rows, places: Places, zone: str) -> dict[str, pa.Array]:
    """Drug, dose and times of segments of one name."""

    def text(place: int, part: int = 1) -> pa.Array:
        return rows.common(place, part) if place else pa.nulls(len(rows), STRING)

    def time(place: int, part: int = 1) -> pa.Array:
        return times(rows, place, zone, part) if place else pa.nulls(len(rows), UTC)

    def number(place: int, reader: Callable[[str], float | None]) -> pa.Array:
        return rows.read(place, reader, DOUBLE) if place else pa.nulls(len(rows), DOUBLE)

    code, name, system = rows.parts(places.code, 1, 2, 3) if places.code else [text(0)] * 3
    return {
        "code": code,
        "code_text": name,
        "code_system": system,
        "dose": number(places.dose, amount),
        "dose_unit": text(places.dose_unit),
        "rate": number(places.rate, lambda sent: _RATES[sent][0]),
        "rate_unit": first_known(text(places.rate_unit), _rate_unit(rows, places.rate)),
        "started_at": first_known(time(places.start), time(places.quantity, TQ_START)),
        "ended_at": first_known(time(places.end), time(places.quantity, TQ_END)),
        "original_at": time(places.original),
    }


def _rate_unit(rows: Rows, place: int) -> pa.Array:
    """The unit that stands behind a rate, as RXA-12 has them in one text: `0.1 mcg/kg/min`."""
    if not place:
        return pa.nulls(len(rows), STRING)
    return rows.read(place, lambda sent: _RATES[sent][1], STRING)


def _rate(sent: str) -> tuple[float | None, str | None]:
    """Rate and unit of one text."""
    parts = RATE_WITH_UNIT.fullmatch(sent)
    return (amount(parts[1]), parts[2]) if parts else (amount(sent), None)


_RATES = Kept(_rate)
