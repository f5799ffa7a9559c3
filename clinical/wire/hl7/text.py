r"""Columns of texts cut out of a batch's bytes, without a Python object per text.

Here: slices of a buffer as an Arrow column, their repetitions and components, and columns whose few
distinct values are read one by one. Not here: where fields lie (index.py).

An absent text, an empty one and HL7's null `""` are all null in a finished column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.delimiters import Delimiters, unescape

Positions = npt.NDArray[np.int64]
HL7_NULL = '""'
BLANKS = " \t"
# Up to this many texts are read faster one by one than as a column.
FEW = 512
# A longer text is hardly one that comes again; beyond so many texts all are forgotten.
SHORT, MOST = 64, 65_536


def slices(
    buffer: pa.Buffer, begin: Positions, stop: Positions, kind: pa.DataType | None = None
) -> pa.Array:
    """The texts `buffer[begin:stop]`; an empty one is null. Slices ascend and do not overlap."""
    kind = kind or pa.string()
    count = len(begin)
    empty = begin >= stop
    if empty.all():
        return pa.nulls(count, kind)
    # Between any two slices lies a gap: slices and gaps alternate in one array over the buffer.
    offsets = np.empty(2 * count + 1, np.int32)
    offsets[:-1:2] = begin
    offsets[1::2] = stop
    offsets[-1] = stop[-1]
    whole = pa.Array.from_buffers(kind, 2 * count, [None, pa.py_buffer(offsets), buffer])
    place = np.arange(0, 2 * count, 2, dtype=np.int32)
    return whole.take(pa.array(place, mask=empty) if empty.any() else pa.array(place))


def taken(column: pa.Array, rows: pa.Array) -> pa.Array:
    """The rows of a column by number, null where the number is; `take`, at half its fixed cost."""
    if column.null_count == len(column):
        return pa.nulls(len(rows), column.type)
    return _TAKE.call([column, rows])


_TAKE = pc.get_function("array_take")


def layout(texts: pa.Array) -> tuple[Positions, npt.NDArray[np.uint8]]:
    """Where each text of a column begins and ends, and the bytes they lie in."""
    _, offsets, content = texts.buffers()
    if not len(texts) or content is None:
        return np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    return bounds.astype(np.int64), np.frombuffer(content, np.uint8)


def characters(texts: pa.Array) -> bytes:
    """The bytes of all texts of a column, to look for a separator in."""
    _, offsets, content = texts.buffers()
    if content is None or not len(texts):
        return b""
    bounds = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    return content.slice(bounds[0], bounds[-1] - bounds[0]).to_pybytes()  # type: ignore[no-any-return]


def has(texts: pa.Array, character: str) -> bool:
    """Whether any text of the column holds this character."""
    return bool(character) and character.encode() in characters(texts)


def holds(texts: pa.Array, text: str) -> bool:
    """Whether any of the texts may be this one: cheaper than to compare each."""
    return text.encode() in characters(texts)


def piece(texts: pa.Array, separator: str, number: int) -> pa.Array:
    """The `number`-th piece, from 1, of each text between separators; null where there is none."""
    if not has(texts, separator):
        return texts if number == 1 else pa.nulls(len(texts), pa.string())
    bounds, content = layout(texts)
    at = np.flatnonzero(content == ord(separator))
    low, high = np.searchsorted(at, bounds[:-1]), np.searchsorted(at, bounds[1:])
    count = high - low
    padded = np.append(at, 0)
    begin, stop = bounds[:-1].copy(), bounds[1:].copy()
    if number > 1:
        follows = count >= number - 1
        begin = np.where(follows, padded[np.minimum(low + number - 2, len(at))] + 1, stop)
    ends = count >= number
    stop = np.where(ends, padded[np.minimum(low + number - 1, len(at))], stop)
    return slices(texts.buffers()[2], begin, stop)


def first_repetition(texts: pa.Array, delimiters: Delimiters) -> pa.Array:
    """The first repetition of each field that holds anything."""
    if not has(texts, delimiters.repetition):
        return texts
    filled = pc.utf8_ltrim(texts, characters=delimiters.repetition)
    return piece(filled, delimiters.repetition, 1)


def plain(texts: pa.Array, delimiters: Delimiters, *, trim: bool = True) -> pa.Array:
    """The texts as people read them: escapes undone, blanks around them off, nulls null."""
    if has(texts, delimiters.escape):
        texts = _unescaped(texts, delimiters)
    found = characters(texts)
    if trim and (b" " in found or b"\t" in found):
        texts = pc.ascii_trim(texts, characters=BLANKS)
    return absent_as_null(texts)


def absent_as_null(texts: pa.Array) -> pa.Array:
    """The texts with the empty text and HL7's null made null."""
    if b'"' not in characters(texts) and not _has_empty(texts):
        return texts
    absent = pc.is_in(texts, pa.array(["", HL7_NULL]))
    return pc.if_else(absent, pa.scalar(None, pa.string()), texts)


def _has_empty(texts: pa.Array) -> bool:
    bounds, _ = layout(texts)
    return bool((bounds[1:] == bounds[:-1]).sum() > texts.null_count)


def _unescaped(texts: pa.Array, delimiters: Delimiters) -> pa.Array:
    cells = Cells(texts.dictionary_encode())
    return cells.spread([unescape(text, delimiters) for text in cells.distinct], pa.string())


@dataclass(frozen=True, slots=True)
class Cells:
    """A column whose distinct values are read once each, however many rows have them."""

    encoded: pa.DictionaryArray

    @property
    def distinct(self) -> Sequence[str]:
        """The distinct texts, in order of appearance."""
        return self.encoded.dictionary.to_pylist()  # type: ignore[no-any-return]

    @property
    def texts(self) -> pa.Array:
        """The distinct texts as a column."""
        return self.encoded.dictionary

    def spread(self, values: Any, kind: pa.DataType) -> pa.Array:  # noqa: ANN401
        """A row for each cell, from one value for each distinct text; null where there is none."""
        column = values if isinstance(values, pa.Array) else pa.array(values, kind)
        if column.null_count == len(column):
            return pa.nulls(len(self.encoded), kind)
        return taken(column, self.encoded.indices)

    def read(self, reader: Callable[[str], Any], kind: pa.DataType | None = None) -> pa.Array:
        """A row for each cell, from what `reader` makes of its text."""
        return self.spread([reader(text) for text in self.distinct], kind or pa.string())


def component(texts: pa.Array, delimiters: Delimiters, number: int) -> pa.Array:
    """Component `number` of the first repetition, its first subcomponent, as people read it."""
    if texts.null_count == len(texts):
        return texts
    if len(texts) <= FEW:
        read = parts(delimiters, number)
        return pa.array([read[text] if text else None for text in texts.to_pylist()], pa.string())
    repetition = first_repetition(texts, delimiters)
    whole = piece(repetition, delimiters.component, number)
    return plain(piece(whole, delimiters.subcomponent, 1), delimiters)


class Parts(dict[str | bytes, str | None]):
    """What `component_of` reads of texts; what it read of late, if short, is not read again.

    A text that was not read as one yet is asked for by its bytes.
    """

    def __init__(self, delimiters: Delimiters, number: int) -> None:
        """Args: delimiters, number: as for `component_of`."""
        super().__init__()
        self._delimiters, self._number = delimiters, number

    def __missing__(self, sent: str | bytes) -> str | None:
        """Read a text that was not asked for of late."""
        text = sent if isinstance(sent, str) else str(sent, "utf-8")
        read = component_of(text, self._delimiters, self._number)
        if len(sent) <= SHORT:
            if len(self) >= MOST:
                self.clear()
            self[sent] = read
        return read


@lru_cache(maxsize=256)
def parts(delimiters: Delimiters, number: int) -> Parts:
    """What was read of late of components of this number."""
    return Parts(delimiters, number)


@lru_cache(maxsize=256)
def raw_parts(delimiters: Delimiters, number: int) -> Parts:
    """The same of texts that are asked for by their bytes."""
    return Parts(delimiters, number)


def component_of(text: str, delimiters: Delimiters, number: int) -> str | None:
    """The same of one text."""
    if delimiters.repetition:
        text = text.lstrip(delimiters.repetition).partition(delimiters.repetition)[0]
    parts = text.split(delimiters.component, number)
    if len(parts) < number:
        return None
    first = parts[number - 1]
    if delimiters.subcomponent:
        first = first.partition(delimiters.subcomponent)[0]
    read = unescape(first, delimiters).strip(BLANKS)
    return None if read in {"", HL7_NULL} else read
