"""The pass over the bytes of a batch that finds its segments and fields.

Here: `build`. Not here: what an index tells (index.py).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.index import MSH, Index
from clinical.wire.hl7.text import Positions

CR, LF = 13, 10


def build(messages: pa.Array, delimiters: Delimiters) -> Index:
    """Index messages that share these separators, each of which begins with its MSH."""
    # A line end closes every message, so that no segment runs into the next message.
    closed = pc.binary_join_element_wise(messages, b"", b"\r")
    bounds, buffer, content = _content(closed)
    places = _marks(content, ord(delimiters.field))
    last = np.flatnonzero(content.take(places, mode="clip") != ord(delimiters.field))
    # Half as wide as numbers usually are: they are gathered again and again.
    marks: Any = places.astype(np.int32)
    ends = marks[last]
    starts, first = np.zeros_like(ends), np.zeros_like(last)
    np.add(ends[:-1], 1, out=starts[1:])
    np.add(last[:-1], 1, out=first[1:])
    filled = ends > starts
    if not filled.all():
        starts, ends, first, last = (part[filled] for part in (starts, ends, first, last))
    opening = np.searchsorted(starts, bounds)
    message = np.repeat(np.arange(len(messages), dtype=np.int32), np.diff(opening))
    kinds = _kinds(content, starts, marks[first])
    return Index(delimiters, buffer, marks, starts, ends, kinds, message, first, last, opening)


def _marks(content: npt.NDArray[np.uint8], field: int) -> Positions:
    """The places of field separators and line ends."""
    found, other = content == field, np.empty(len(content), np.bool_)
    for end in (CR, LF):
        found |= np.equal(content, end, out=other)
    return np.flatnonzero(found)


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
    name = np.zeros(len(starts), np.int32)
    for place in range(len(MSH)):
        name <<= 8
        # A name that ends before does not count, whatever is read beyond the last byte.
        name |= content.take(starts + place, mode="clip")
    name[ends - starts != len(MSH)] = 0
    return name
