"""The fields of some segments, as columns.

Here: fields as sent and components as people read them, few segments text by text and many column
by column. Not here: which segments there are (index.py), or what a field means.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clinical.wire.hl7.kept import raw_parts
from clinical.wire.hl7.spans import Span
from clinical.wire.hl7.text import FEW, Cells, Positions, component, has, plain, slices

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
    extent: list[int] = field(default_factory=list)
    cells: dict[int, Cells] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)


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
        return self._extent()[0]

    def _narrowest(self) -> int:
        """The number of the last field that every segment here has."""
        return self._extent()[1]

    def _extent(self) -> list[int]:
        """The number of the last field of the widest segment, and that of the narrowest."""
        if not self.split.extent:
            first, last = self._bounds()
            fields = last - first
            widest, narrowest = fields.max(initial=-1), fields.min(initial=MOST_FIELDS)
            self.split.extent.extend([int(widest) + self.origin, int(narrowest) + self.origin])
        return self.split.extent

    def field(self, number: int, kind: pa.DataType | None = None) -> pa.Array:
        """Field `number` of each segment, as sent; null where it is empty."""
        if len(self.at) <= FEW:
            return self._column([sent or None for sent in self._sent(number)], kind or STRING)
        if number > self.width:
            return pa.nulls(len(self.at), kind or STRING)
        return slices(self.index.buffer, *self._places(number, number), kind)

    def _places(self, one: int, other: int) -> tuple[Positions, Positions]:
        """Where fields `one` to `other` of each segment begin and end."""
        marks, (first, last) = self.index.marks, self._bounds()
        mark = first + (one - self.origin)
        if other <= self._narrowest():
            return marks[mark - 1] + 1, marks[mark if other == one else mark + (other - one)]
        there = mark <= last
        mark = np.minimum(mark, last)
        begin = marks[mark - 1] + 1
        stop = marks[mark if other == one else np.minimum(mark + (other - one), last)]
        return (begin if there.all() else np.where(there, begin, stop)), stop

    def together(self, one: int, other: int) -> None:
        """Read fields `one` to `other` of many segments as one, if the same come together again.

        Codes, their names and their units do. What is asked of these fields later rests on that.
        """
        spans = self.split.spans
        if len(self.at) <= FEW or one > self.width or any(known.first == one for known in spans):
            return
        sent = slices(self.index.buffer, *self._places(one, other))
        span = Span.of(one, other, sent, self.index.delimiters.field)
        if span is not None:
            spans.append(span)

    def _span(self, number: int) -> Span | None:
        spans = self.split.spans
        return next((span for span in spans if span.first <= number <= span.last), None)

    def holds(self, number: int, character: str) -> bool:
        """Whether field `number` of any segment holds this character."""
        if len(self.at) <= FEW:
            sought = character.encode("ascii")
            return bool(sought) and any(sought in sent for sent in self._sent(number))
        return number <= self.width and has(self.cells(number).texts, character)

    def is_one_each(self) -> bool:
        """Whether every message has one of these segments."""
        return len(self.at) == self.index.messages and bool(
            (self.message == np.arange(len(self.at))).all()
        )

    @property
    def sizes(self) -> Positions:
        """How many bytes each segment has."""
        return self.index.ends[self.at] - self.index.begins[self.at]

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
            span = self._span(number)
            known = span.cells(number) if span else Cells.of(self.field(number))
            self.split.cells[number] = known
        return known

    def text(self, number: int, part: int = 1) -> pa.Array:
        """Component `part` of field `number`, as people read it."""
        if len(self.at) <= FEW:
            return self._column(self._read(number, part), STRING)
        if number > self.width:
            return pa.nulls(len(self.at), STRING)
        if self._span(number):
            return self.common(number, part)
        return component(self.field(number), self.index.delimiters, part)

    def texts(self, number: int, part: int = 1) -> list[str | None]:
        """The same of few segments, one by one: that is faster than to set up a column."""
        return self._read(number, part) or [None] * len(self.at)

    def _read(self, number: int, part: int) -> list[str | None]:
        """The same; nothing where no segment has the field."""
        sent = self._sent(number)
        if not any(sent):
            return []
        known = self.index.known.parts
        read = known.get(part)
        if read is None:
            read = known[part] = raw_parts(self.index.delimiters, part)
        return [read[text] for text in sent]

    def _column(self, values: list[Any], kind: pa.DataType) -> pa.Array:
        """A value for each segment; nulls where there are none at all."""
        if values.count(None) == len(values):
            return pa.nulls(len(self.at), kind)
        return pa.array(values, kind)

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
            end = index.ends[self.at].tolist()
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
        if len(self.at) <= FEW:
            codes = self._read(number, 1)
            return self._column([code and meanings.get(code, other) for code in codes], STRING)
        return self.read(number, lambda code: meanings.get(code, other), STRING)

    def read(
        self, number: int, reader: Callable[[str], Any], kind: pa.DataType, part: int = 1
    ) -> pa.Array:
        """What `reader` makes of component `part` of field `number`; null where there is none."""
        if len(self.at) <= FEW:
            texts = self._read(number, part)
            return self._column([text and reader(text) for text in texts], kind)
        if number > self.width:
            return pa.nulls(len(self.at), kind)
        cells = self.cells(number)
        told = component(cells.texts, self.index.delimiters, part).to_pylist()
        return cells.spread([text and reader(text) for text in told], kind)

    def said(self, number: int) -> frozenset[str | None]:
        """All that field `number` says; None where it says nothing."""
        if len(self.at) <= FEW:
            return frozenset(self._read(number, 1))
        cells = self.cells(number)
        return frozenset(component(cells.texts, self.index.delimiters, 1).to_pylist())

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

    def above(self, segments: Positions) -> pa.Array:
        """The latest row here up to each of these segments in its message; null without one."""
        if not len(self.at):
            return pa.nulls(len(segments), pa.int32())
        row = np.searchsorted(self.at, segments, side="right").astype(np.int32) - 1
        message = self.index.message
        none = (row < 0) | (message[self.at][row] != message[segments])
        return pa.array(row, mask=none) if none.any() else pa.array(row)

    def link(self, segments: Positions) -> pa.Array:
        """The row here of each of these segments, which may be -1, to `take` from a column."""
        if not len(self.at):
            return pa.nulls(len(segments), pa.int32())
        row = np.minimum(np.searchsorted(self.at, segments), len(self.at) - 1).astype(np.int32)
        other = self.at[row] != segments
        return pa.array(row, mask=other) if other.any() else pa.array(row)
