"""Where the segments and fields of a batch lie.

Here: one pass over the bytes of many messages that have the same separators. Not here: what the
fields say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.text import FEW, Cells, Positions, component, plain, raw_parts, slices

CR, LF = 13, 10
MSH = "MSH"


def code(kind: str) -> int:
    """A segment's name as the number it is indexed by."""
    return int.from_bytes(kind.encode("ascii"), "big")


@dataclass(frozen=True, slots=True)
class Index:
    """Segments and fields of a batch.

    `marks` are the places of field separators and segment ends. Segment s is named `kinds[s]` and
    belongs to message `message[s]`; its name ends at `marks[first[s]]`, and itself at
    `marks[last[s]]`. Message m begins with segment `opening[m]`; one more closes the last message.
    """

    delimiters: Delimiters
    buffer: pa.Buffer
    marks: Positions
    kinds: npt.NDArray[np.int32]
    message: npt.NDArray[np.int32]
    first: Positions
    last: Positions
    opening: Positions

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return len(self.opening) - 1

    def rows(self, kind: str, usable: npt.NDArray[np.bool_] | None = None) -> "Rows":
        """The segments of one name, of all messages or of the usable ones."""
        wanted = self.kinds == code(kind)
        if usable is not None and not usable.all():
            wanted &= usable[self.message]
        return self.these(np.flatnonzero(wanted), 1 if kind == MSH else 0)

    def has(self, kind: str) -> bool:
        """Whether any message has a segment of this name."""
        return bool((self.kinds == code(kind)).any())

    def these(self, at: Positions, origin: int = 0) -> "Rows":
        """Segments by number; `origin` is 1 for MSH, whose field 1 is the separator itself."""
        return Rows(self, at, self.first[at] - origin, self.last[at])

    def headers(self) -> "Rows":
        """The segment each message begins with, which is its MSH."""
        return self.these(self.opening[:-1], 1)

    def latest(self, *kinds: str) -> Positions:
        """Per segment, the latest one of these names in its message up to itself; -1 without."""
        here = self._are(kinds)
        at = np.maximum.accumulate(np.where(here, np.arange(len(here)), -1))
        at[at < self.opening[self.message]] = -1
        return at

    def coming(self, *kinds: str) -> Positions:
        """Per segment, the next one of these names in its message, itself included; -1 without."""
        none = len(self.kinds)
        here = self._are(kinds)
        at = np.minimum.accumulate(np.where(here, np.arange(none), none)[::-1])[::-1]
        return np.where(at < self.opening[self.message + 1], at, -1)

    def _are(self, kinds: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        found = np.equal(self.kinds, code(kinds[0]))
        for kind in kinds[1:]:
            found |= self.kinds == code(kind)
        return found

    def under(self, rows: Positions, kind: str, *barriers: str) -> Positions:
        """The first segment of a name after each of these, before any barrier; -1 without."""
        following = np.append(self.coming(kind, *barriers), -1)[rows + 1]
        found = (following >= 0) & (self.kinds[following] == code(kind))
        return np.where(found & (self.message[following] == self.message[rows]), following, -1)

    def segments_per_message(self) -> Positions:
        """How many segments each message has."""
        return np.diff(self.opening)


@dataclass(frozen=True, slots=True)
class Rows:
    """Segments in order: field n of one ends at mark `first + n`, unless that is after `last`."""

    index: Index
    at: Positions
    first: Positions
    last: Positions

    def __len__(self) -> int:
        return len(self.at)

    @property
    def message(self) -> npt.NDArray[np.int32]:
        """The message of each segment."""
        return self.index.message[self.at]

    def field(self, number: int, kind: pa.DataType | None = None) -> pa.Array:
        """Field `number` of each segment, as sent; null where it is empty."""
        mark = self.first + number
        there = mark <= self.last
        if not there.any():
            return pa.nulls(len(self.at), kind or pa.string())
        mark = np.minimum(mark, self.last)
        stop = self.index.marks[mark]
        begin = self.index.marks[mark - 1] + 1
        if not there.all():
            begin = np.where(there, begin, stop)
        return slices(self.index.buffer, begin, stop, kind)

    def cells(self, number: int) -> Cells:
        """Field `number` by its distinct values."""
        return Cells(self.field(number).dictionary_encode())

    def text(self, number: int, part: int = 1) -> pa.Array:
        """Component `part` of field `number`, as people read it."""
        if len(self.at) <= FEW:
            return pa.array(self.texts(number, part), pa.string())
        return component(self.field(number), self.index.delimiters, part)

    def texts(self, number: int, part: int = 1) -> list[str | None]:
        """The same of few segments, one by one: that is faster than to set up a column."""
        mark = self.first + number
        there = mark <= self.last
        if not there.any():
            return [None] * len(self.at)
        mark = np.minimum(mark, self.last)
        stop = self.index.marks[mark]
        start = np.where(there, self.index.marks[mark - 1] + 1, stop)
        bounds = zip(start.tolist(), stop.tolist(), strict=True)
        content, read = memoryview(self.index.buffer), raw_parts(self.index.delimiters, part)
        return [
            read[content[begin:end].tobytes()] if end > begin else None for begin, end in bounds
        ]

    def common(self, number: int, part: int = 1) -> pa.Array:
        """The same as `text`, for a field with few distinct values."""
        if len(self.at) <= FEW:
            return self.text(number, part)
        cells = self.cells(number)
        return cells.spread(component(cells.texts, self.index.delimiters, part), pa.string())

    def lookup(self, number: int, meanings: Mapping[str, str], other: str | None) -> pa.Array:
        """What the codes of field `number` mean; `other` for one that has no meaning here."""

        def meant(codes: Iterable[str | None]) -> list[str | None]:
            return [code and meanings.get(code, other) for code in codes]

        if len(self.at) <= FEW:
            return pa.array(meant(self.texts(number)), pa.string())
        cells = self.cells(number)
        codes = component(cells.texts, self.index.delimiters, 1)
        return cells.spread(meant(codes.to_pylist()), pa.string())

    def whole(self, number: int) -> pa.Array:
        """Field `number` with all its parts, as people read it."""
        return plain(self.field(number), self.index.delimiters)

    def per_message(self) -> pa.Array:
        """The first row here of each message, to `take` from a column; null without one."""
        message = self.message
        row = np.searchsorted(message, np.arange(self.index.messages))
        none = np.append(message, -1)[row] != np.arange(self.index.messages)
        return pa.array(row.astype(np.int32), mask=none)

    def link(self, segments: Positions) -> pa.Array:
        """The row here of each of these segments, which may be -1, to `take` from a column."""
        place = np.full(len(self.index.kinds) + 1, -1, np.int32)
        place[self.at] = np.arange(len(self.at))
        row = place[segments]
        return pa.array(row, mask=row < 0)


def build(messages: pa.Array, delimiters: Delimiters) -> Index:
    """Index messages that share these separators, each of which begins with its MSH."""
    # A line end closes every message, so that no segment runs into the next message.
    closed = pc.binary_join_element_wise(messages, b"", b"\r")
    bounds, buffer, content = _content(closed)
    ends = (content == CR) | (content == LF)
    marks = np.flatnonzero(ends | (content == ord(delimiters.field)))
    last = np.flatnonzero(ends[marks])
    starts = np.append(0, marks[last[:-1]] + 1) if len(last) else np.zeros(0, np.int64)
    first = np.append(0, last[:-1] + 1) if len(last) else last
    filled = marks[last] > starts
    starts, first, last = starts[filled], first[filled], last[filled]
    opening = np.searchsorted(starts, bounds)
    message = np.repeat(np.arange(len(messages), dtype=np.int32), np.diff(opening))
    kinds = _kinds(content, starts, marks[first])
    return Index(delimiters, buffer, marks, kinds, message, first, last, opening)


def _content(closed: pa.Array) -> tuple[Positions, pa.Buffer, npt.NDArray[np.uint8]]:
    _, offsets, buffer = closed.buffers()
    bounds = np.frombuffer(offsets, np.int32)[: len(closed) + 1].astype(np.int64)
    content = np.frombuffer(buffer, np.uint8)[: bounds[-1]]
    return bounds, buffer, content


def _kinds(
    content: npt.NDArray[np.uint8], starts: Positions, ends: Positions
) -> npt.NDArray[np.int32]:
    if not len(starts):
        return np.zeros(0, np.int32)
    limit = len(content) - 1
    letters = [content[np.minimum(starts + place, limit)].astype(np.int32) for place in range(3)]
    name = letters[0] << 16 | letters[1] << 8 | letters[2]
    return np.where(ends - starts == len(MSH), name, 0).astype(np.int32)
