"""The fields of some segments, as columns.

Here: fields as sent and components as people read them, few segments text by text and many column
by column. Not here: which segments there are (index.py), or what a field means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clinical.wire.hl7.text import FEW, Cells, Positions, component, plain, raw_parts, slices

if TYPE_CHECKING:
    from clinical.wire.hl7.index import Index

STRING = pa.string()
# Beyond so many segments several components are read faster of their distinct texts.
VERY_FEW = 64
# No segment has as many fields; more of them than this in one are not told apart.
MOST_FIELDS = 96


@dataclass(frozen=True, slots=True)
class Split:
    """Segments split into their fields once, and fields told apart once."""

    columns: list[tuple[bytes, ...]] = field(default_factory=list)
    bounds: list[tuple[Positions, Positions]] = field(default_factory=list)
    widest: list[int] = field(default_factory=list)
    cells: dict[int, Cells] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """Segments in order; `origin` is 1 where field 1 is the separator itself, as in MSH."""

    index: "Index"
    at: Positions
    origin: int = 0
    split: Split = field(default_factory=Split, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.at)

    @property
    def message(self) -> npt.NDArray[np.int32]:
        """The message of each segment."""
        return self.index.message[self.at]

    @property
    def width(self) -> int:
        """The number of the last field that any segment here has."""
        if len(self.at) <= FEW:
            return len(self._columns()) - 1 + self.origin
        if not self.split.widest:
            first, last = self._bounds()
            self.split.widest.append(int((last - first).max(initial=-1)) + self.origin)
        return self.split.widest[0]

    def field(self, number: int, kind: pa.DataType | None = None) -> pa.Array:
        """Field `number` of each segment, as sent; null where it is empty."""
        if len(self.at) <= FEW:
            return self._column([sent or None for sent in self._sent(number)], kind or STRING)
        if number > self.width:
            return pa.nulls(len(self.at), kind or STRING)
        index = self.index
        first, last = self._bounds()
        mark = first + (number - self.origin)
        there = mark <= last
        mark = np.minimum(mark, last)
        stop = index.marks[mark]
        begin = index.marks[mark - 1] + 1
        if not there.all():
            begin = np.where(there, begin, stop)
        return slices(index.buffer, begin, stop, kind)

    @property
    def sizes(self) -> Positions:
        """How many bytes each segment has."""
        return self.index.marks[self.index.last[self.at]] - self.index.begins[self.at]

    def lengths(self, number: int) -> Positions:
        """How many bytes field `number` of each segment has, as sent."""
        if len(self.at) <= FEW:
            sent = self._sent(number) or (b"",) * len(self.at)
            return np.array([len(text) for text in sent], np.int64)
        first, last = self._bounds()
        mark = first + (number - self.origin)
        at = np.minimum(mark, last)
        marks = self.index.marks
        return np.where(mark <= last, marks[at] - marks[at - 1] - 1, 0)

    def cells(self, number: int) -> Cells:
        """Field `number` by its distinct values."""
        known = self.split.cells.get(number)
        if known is None:
            known = self.split.cells[number] = Cells(self.field(number).dictionary_encode())
        return known

    def text(self, number: int, part: int = 1) -> pa.Array:
        """Component `part` of field `number`, as people read it."""
        if len(self.at) <= FEW:
            return self._column(self._read(number, part), STRING)
        if number > self.width:
            return pa.nulls(len(self.at), STRING)
        return component(self.field(number), self.index.delimiters, part)

    def texts(self, number: int, part: int = 1) -> list[str | None]:
        """The same of few segments, one by one: that is faster than to set up a column."""
        return self._read(number, part) or [None] * len(self.at)

    def _read(self, number: int, part: int) -> list[str | None]:
        """The same; nothing where no segment has the field."""
        sent = self._sent(number)
        if not sent:
            return []
        read = raw_parts(self.index.delimiters, part)
        return [read[text] for text in sent]

    def _column(self, values: list[Any], kind: pa.DataType) -> pa.Array:
        """A value for each segment; nulls where there are none at all."""
        return pa.array(values, kind) if values else pa.nulls(len(self.at), kind)

    def _bounds(self) -> tuple[Positions, Positions]:
        """The marks at which the name of each segment ends, and the segment itself."""
        if not self.split.bounds:
            self.split.bounds.append((self.index.first[self.at], self.index.last[self.at]))
        return self.split.bounds[0]

    def _sent(self, number: int) -> tuple[bytes, ...]:
        """Field `number` of each of few segments, as sent; nothing where none has it."""
        columns, place = self.split.columns or self._columns(), number - self.origin
        return columns[place] if place < len(columns) else ()

    def _columns(self) -> list[tuple[bytes, ...]]:
        """The segments, split at their field separators, field by field."""
        if not self.split.columns and len(self.at):
            index, mark = self.index, self.index.delimiters.field.encode("ascii")
            begin = index.begins[self.at].tolist()
            end = index.marks[index.last[self.at]].tolist()
            content = index.content
            bounds = zip(begin, end, strict=True)
            lines = [bytes(content[low:high]).split(mark, MOST_FIELDS) for low, high in bounds]
            self.split.columns.extend(zip_longest(*lines, fillvalue=b""))
        return self.split.columns

    def common(self, number: int, part: int = 1) -> pa.Array:
        """The same as `text`, for a field with few distinct values."""
        if number not in self.split.cells and (len(self.at) <= FEW or number > self.width):
            return self.text(number, part)
        cells = self.cells(number)
        return cells.spread(component(cells.texts, self.index.delimiters, part), STRING)

    def parts(self, number: int, *parts: int) -> list[pa.Array]:
        """Several components of a field with few distinct values."""
        if VERY_FEW < len(self.at) <= FEW and number <= self.width:
            self.cells(number)  # from here on, `common` reads each distinct text once
        return [self.common(number, part) for part in parts]

    def lookup(self, number: int, meanings: Mapping[str, str], other: str | None) -> pa.Array:
        """What the codes of field `number` mean; `other` for one that has no meaning here."""

        def meant(codes: Iterable[str | None]) -> list[str | None]:
            return [code and meanings.get(code, other) for code in codes]

        if len(self.at) <= FEW:
            return self._column(meant(self._read(number, 1)), STRING)
        cells = self.cells(number)
        codes = component(cells.texts, self.index.delimiters, 1)
        return cells.spread(meant(codes.to_pylist()), STRING)

    def whole(self, number: int) -> pa.Array:
        """Field `number` with all its parts, as people read it."""
        return plain(self.field(number), self.index.delimiters)

    def per_message(self) -> pa.Array:
        """The first row here of each message, to `take` from a column; null without one."""
        if not len(self.at):
            return pa.nulls(self.index.messages, pa.int32())
        message = self.message
        row = np.searchsorted(message, np.arange(self.index.messages))
        none = np.append(message, -1)[row] != np.arange(self.index.messages)
        return pa.array(row.astype(np.int32), mask=none)

    def link(self, segments: Positions) -> pa.Array:
        """The row here of each of these segments, which may be -1, to `take` from a column."""
        if not len(self.at):
            return pa.nulls(len(segments), pa.int32())
        row = np.minimum(np.searchsorted(self.at, segments), len(self.at) - 1).astype(np.int32)
        other = self.at[row] != segments
        return pa.array(row, mask=other) if other.any() else pa.array(row)
