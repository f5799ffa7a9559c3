"""What OBX-5 says: text, comparator and number, by the data type OBX-2 names.

Here: the reading of distinct values, column by column. Not here: units and plausibility
(clinical/normalise), or which rows have which value (observations.py).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.kept import Kept
from clinical.wire.hl7.text import (
    Cells,
    absent_as_null,
    first_repetition,
    has,
    piece,
    plain,
    taken,
)

STRING, DOUBLE = pa.string(), pa.float64()
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
PLAIN_NUMBER = f"^{NUMBER}$"
# Up to this many numbers are read faster one by one than by patterns.
MANY = 8_192
BLANK = r"[\t\n\f\r ]*"
COMPARED = re.compile(rf"{BLANK}(<=|>=|<|>)?{BLANK}({NUMBER}){BLANK}", re.ASCII)
COMPARED_NUMBER = rf"^\s*(?P<comparator><=|>=|<|>)?\s*(?P<number>{NUMBER})\s*$"


@dataclass(frozen=True, slots=True)
class Values:
    """Columns of what was read."""

    text: pa.Array
    comparator: pa.Array
    number: pa.Array

    def spread(self, cells: Cells) -> "Values":
        """The columns, read of distinct texts, with a row for each cell."""
        return Values(
            cells.spread(self.text, STRING),
            cells.spread(self.comparator, STRING),
            cells.spread(self.number, DOUBLE),
        )

    def take(self, rows: pa.Array) -> "Values":
        """These rows of the columns."""
        return Values(*(taken(each, rows) for each in (self.text, self.comparator, self.number)))


def values(types: Cells, sent: Cells, delimiters: Delimiters) -> Values:
    """Read OBX-5 (`sent`) by OBX-2 (`types`), one row for each cell."""
    readers = [READERS.get(kind.strip(), _other) for kind in types.distinct]
    if len(set(readers)) == 1 and not types.which.null_count:
        return readers[0](sent.texts, delimiters).spread(sent)
    return _mixed([*readers, _plain], types, sent, delimiters)


def numbers(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Comparator and number of texts such as `7.4`, `<15` and `>= 100`; nulls where it is none."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), STRING), pa.nulls(len(texts), DOUBLE)
    if len(texts) <= MANY:
        read = [_NUMBERS[text] if text else _NO_NUMBER for text in texts.to_pylist()]
        return pa.array([sign for sign, _ in read], STRING), pa.array([n for _, n in read], DOUBLE)
    simple = pc.match_substring_regex(texts, PLAIN_NUMBER)
    if pc.all(simple, min_count=0).as_py() and not texts.null_count:
        return pa.nulls(len(texts), STRING), _finite(texts.cast(DOUBLE))
    found = pc.extract_regex(texts, COMPARED_NUMBER)
    comparator, number = found.field("comparator"), found.field("number")
    readable = found.is_valid()
    number = _finite(pc.if_else(readable, number, pa.scalar(None, STRING)).cast(DOUBLE))
    compared = pc.and_(readable, number.is_valid())
    return pc.if_else(compared, absent_as_null(comparator), pa.scalar(None, STRING)), number


_NO_NUMBER: tuple[str | None, float | None] = (None, None)


def number_of(text: str) -> tuple[str | None, float | None]:
    """Comparator and number of one text."""
    found = COMPARED.fullmatch(text)
    number = float(found[2]) if found else math.inf
    return (found[1], number) if found and math.isfinite(number) else _NO_NUMBER


def amount(text: str) -> float | None:
    """The number of one text, its comparator left out."""
    return _NUMBERS[text][1]


_NUMBERS = Kept(number_of)


def _finite(number: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_finite(number), number, pa.scalar(None, DOUBLE))


def _plain(sent: pa.Array, delimiters: Delimiters) -> Values:
    text = plain(first_repetition(sent, delimiters), delimiters, trim=False)
    return Values(text, *numbers(text))


def lines(sent: pa.Array, delimiters: Delimiters) -> pa.Array:
    """Texts of several lines; each repetition is one."""
    if has(sent, delimiters.repetition):
        sent = pc.replace_substring(sent, delimiters.repetition, "\n")
    return plain(sent, delimiters, trim=False)


def _lines(sent: pa.Array, delimiters: Delimiters) -> Values:
    text = lines(sent, delimiters)
    return Values(text, *numbers(text))


def _coded(sent: pa.Array, delimiters: Delimiters) -> Values:
    first = first_repetition(sent, delimiters)
    parts = [plain(piece(first, delimiters.component, n), delimiters) for n in (2, 1, 5, 4)]
    return _text_only(pc.coalesce(*parts))


def _structured(sent: pa.Array, delimiters: Delimiters) -> Values:
    """SN: comparator, number, separator, number. A range or a ratio is no number."""
    first = first_repetition(sent, delimiters)
    parts = [plain(piece(first, delimiters.component, n), delimiters) for n in range(1, 5)]
    sign, low, separator, high = (part.fill_null("") for part in parts)
    text = absent_as_null(pc.binary_join_element_wise(sign, low, separator, high, ""))
    single = pc.equal(pc.binary_join_element_wise(separator, high, ""), "")
    compared = pc.if_else(pc.equal(sign, "="), "", sign)
    # A sign that is none of the four (such as <>) leaves a text that is no number.
    alone = pc.binary_join_element_wise(compared, low, "")
    alone = pc.if_else(single, alone, pa.scalar(None, STRING))
    return Values(text, *numbers(alone))


def _range(sent: pa.Array, delimiters: Delimiters) -> Values:
    """NR: two numbers, of which neither is the value."""
    first = first_repetition(sent, delimiters)
    low, high = (plain(piece(first, delimiters.component, n), delimiters) for n in (1, 2))
    joined = pc.binary_join_element_wise(low.fill_null(""), high.fill_null(""), "-")
    return _text_only(pc.if_else(pc.equal(joined, "-"), pa.scalar(None, STRING), joined))


def _embedded(sent: pa.Array, _: Delimiters) -> Values:
    """Documents, images and pointers to them: only the raw message keeps them."""
    return _text_only(pa.nulls(len(sent), STRING))


def _other(sent: pa.Array, delimiters: Delimiters) -> Values:
    return _text_only(plain(first_repetition(sent, delimiters), delimiters, trim=False))


def _text_only(text: pa.Array) -> Values:
    return Values(text, pa.nulls(len(text), STRING), pa.nulls(len(text), DOUBLE))


# HL7 table 0125. A type that is not here has a text and no number.
Reader = Callable[[pa.Array, Delimiters], Values]
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        **dict.fromkeys(("NM", "ST", "SI", "IS", "ID", '""'), _plain),
        **dict.fromkeys(("TX", "FT"), _lines),
        **dict.fromkeys(("CE", "CWE", "CNE", "CF"), _coded),
        "SN": _structured,
        "NR": _range,
        **dict.fromkeys(("ED", "RP"), _embedded),
    }
)


def _mixed(readers: list[Reader], types: Cells, sent: Cells, delimiters: Delimiters) -> Values:
    """Values of several types: each distinct text is read once by each reader that has it.

    The last reader is the one for cells without a type.
    """
    kind, text = types.numbers(), sent.numbers()
    row = np.full(len(kind), -1, np.int64)
    parts, size = [], 0
    for reader in dict.fromkeys(readers):
        chosen = np.isin(kind, [n for n, other in enumerate(readers) if other is reader])
        chosen &= text < len(sent.texts)
        used = np.zeros(len(sent.texts), np.bool_)
        used[text[chosen]] = True
        row[chosen] = (np.cumsum(used) - 1 + size)[text[chosen]]
        parts.append(reader(sent.texts.filter(pa.array(used)), delimiters))
        size += int(used.sum())
    return _joined(parts).take(pa.array(row, mask=row < 0))


def _joined(parts: list[Values]) -> Values:
    return Values(
        pa.concat_arrays([part.text for part in parts]),
        pa.concat_arrays([part.comparator for part in parts]),
        pa.concat_arrays([part.number for part in parts]),
    )
