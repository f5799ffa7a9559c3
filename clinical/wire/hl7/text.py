r"""Columns of texts cut out of a batch's bytes, without a Python object per text.

Here: slices of a buffer as an Arrow column, their repetitions and components, and columns whose few
distinct values are read one by one. Not here: where fields lie (index.py).

An absent text, an empty one and HL7's null `""` are all null in a finished column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.delimiters import Delimiters, unescape
from clinical.wire.hl7.kept import BLANKS, HL7_NULL, parts

Positions = npt.NDArray[np.int64]
# Up to this many texts are read faster one by one than as a column.
FEW = 256


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
    rows = pa.array(place, mask=empty) if empty.any() else pa.array(place)
    return _TAKE.call([whole, rows], _WITHIN)


def taken(column: pa.Array, rows: pa.Array) -> pa.Array:
    """The rows of a column by number, null where the number is; `take`, at half its fixed cost."""
    if column.null_count == len(column):
        return pa.nulls(len(rows), column.type)
    return _TAKE.call([column, rows])


def first_known(*columns: pa.Array) -> pa.Array:
    """The first value of each row that is known; `coalesce`, asked only where there is a choice."""
    known = []
    for column in columns:
        if column.null_count < len(column):
            known.append(column)
        if not column.null_count:
            break
    return pc.coalesce(*known) if len(known) > 1 else [*known, columns[0]][0]


_TAKE = pc.get_function("array_take")
# Of rows that are known to be there: to look at each number again costs a fifth.
_WITHIN = pc.TakeOptions(boundscheck=False)


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
    cells = Cells.of(texts)
    return cells.spread([unescape(text, delimiters) for text in cells.distinct], pa.string())


@dataclass(frozen=True, slots=True)
class Cells:
    """A column whose distinct values are read once each, however many rows have them.

    `texts` are the distinct ones, in order of appearance; `which` is the place among them of each
    row's, null where it has none.
    """

    texts: pa.Array
    which: pa.Array

    @classmethod
    def of(cls, column: pa.Array) -> Self:
        """Tell the values of a column apart."""
        encoded = column.dictionary_encode()
        return cls(encoded.dictionary, encoded.indices)

    @property
    def distinct(self) -> Sequence[str]:
        """The distinct texts, one by one."""
        return self.texts.to_pylist()  # type: ignore[no-any-return]

    def numbers(self) -> Positions:
        """The place of each row's text; for a row without one, that after the last."""
        which = self.which.fill_null(len(self.texts)) if self.which.null_count else self.which
        return which.to_numpy()  # type: ignore[no-any-return]

    def spread(self, values: Any, kind: pa.DataType) -> pa.Array:  # noqa: ANN401
        """A row for each cell, from one value for each distinct text; null where there is none."""
        column = values if isinstance(values, pa.Array) else pa.array(values, kind)
        if column.null_count == len(column):
            return pa.nulls(len(self.which), kind)
        if len(column) < len(self.texts):
            msg = f"{len(column)} values for {len(self.texts)} distinct texts"
            raise ValueError(msg)
        return _TAKE.call([column, self.which], _WITHIN)

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
    found = characters(texts)
    if number > 1 and delimiters.component.encode() not in found:
        return pa.nulls(len(texts), pa.string())
    if not any(mark in found for mark in _meaningful(delimiters)):
        return absent_as_null(texts)
    repetition = first_repetition(texts, delimiters)
    whole = piece(repetition, delimiters.component, number)
    return plain(piece(whole, delimiters.subcomponent, 1), delimiters)


@lru_cache(maxsize=64)
def _meaningful(delimiters: Delimiters) -> tuple[bytes, ...]:
    """What makes a text anything but its own first component."""
    return tuple(mark.encode() for mark in (*delimiters.all, *BLANKS))
