"""The pass over the bytes of a batch that finds its segments and fields.

Here: `build`. Not here: what an index tells (index.py).
"""

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
    return Index(delimiters, buffer, marks, starts, kinds, message, first, last, opening)


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
