"""Deciding once per distinct value instead of once per row.

Here: the distinct combinations of some columns and which one each row has. A batch of 100 000 rows
has a few hundred distinct codes, units and answers: everything in this room is decided on those,
then taken. Not here: any decision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Index = NDArray[np.int64]
T = TypeVar("T")
# Combined numbers stay far below what 64 bits hold.
_LARGEST = 2**40
# Up to this many rows are told apart faster one by one than as columns.
_FEW = 1024


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct combinations in order of first appearance, and the place in `keys` of each row's."""

    keys: list[tuple[Any, ...]]
    which: Index

    def decide(self, decision: Callable[..., T]) -> list[T]:
        """The decision on each distinct combination."""
        return [decision(*key) for key in self.keys]

    def known(self, answers: Mapping[tuple[Any, ...], T]) -> list[T]:
        """The answer that is known for each distinct combination."""
        return [answers[key] for key in self.keys]

    def are(self, texts: frozenset[Any]) -> NDArray[np.bool_]:
        """The rows that hold one of these texts in the only column."""
        return np.array([key[0] in texts for key in self.keys] or [False])[self.which]


def distinct(*columns: pa.Array) -> Distinct:
    """The distinct combinations of columns of one length; null is a value of its own."""
    if len(columns[0]) <= _FEW:
        rows = list(zip(*(column.to_pylist() for column in columns), strict=True))
        number = {key: place for place, key in enumerate(dict.fromkeys(rows))}
        return Distinct(list(number), np.array([number[key] for key in rows], np.int64))
    which, size = _numbered(
        [column for column in columns if not _is_constant(column)], rows=len(columns[0])
    )
    first = np.zeros(size, dtype=np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]
    values = [column.take(pa.array(first)).to_pylist() for column in columns]
    return Distinct(list(zip(*values, strict=True)), which)


def _numbered(columns: list[pa.Array], rows: int) -> tuple[Index, int]:
    """A number from 0 for each combination, in order of appearance; how many there are."""
    which, size = np.zeros(rows, dtype=np.int64), 1
    if not columns:
        return which, size
    for column in columns:
        codes = _codes(column)
        kinds = int(codes.max(initial=0)) + 1
        # A column that came encoded may be numbered in any order.
        if len(columns) == 1 and not (column.null_count or pa.types.is_dictionary(column.type)):
            return codes - 1, kinds - 1
        if size * kinds > _LARGEST:
            which, size = _compact(which)
        which, size = which * kinds + codes, size * kinds
    return _compact(which)


def _is_constant(column: pa.Array) -> bool:
    """Whether all rows of a column of texts say the same: that costs less to see than to encode."""
    if column.null_count or column.type != pa.string():
        return bool(column.null_count == len(column))
    _, offsets, content = column.buffers()
    bounds = np.frombuffer(offsets, np.int32, len(column) + 1, column.offset * 4)
    width = int(bounds[1] - bounds[0])
    if bounds[-1] - bounds[0] != width * len(column) or (np.diff(bounds) != width).any():
        return False
    if not width:
        return True
    texts = np.frombuffer(content, np.uint8)[bounds[0] : bounds[-1]].reshape(-1, width)
    return bool((texts == texts[0]).all())


def _compact(which: Index) -> tuple[Index, int]:
    """Renumber from 0 in order of appearance; how many numbers there are."""
    codes = _codes(pa.array(which)) - 1
    return codes, int(codes.max(initial=-1)) + 1


def valid(column: pa.Array) -> NDArray[np.bool_]:
    """Where a column holds something."""
    if not column.null_count:
        return np.ones(len(column), np.bool_)
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)


def flags(column: pa.Array) -> NDArray[np.bool_]:
    """A boolean column; null is False."""
    known = column.fill_null(False) if column.null_count else column
    return np.asarray(known.to_numpy(zero_copy_only=False), dtype=np.bool_)


def microseconds(times: pa.Array) -> Index:
    """Times as numbers; whatever stands where there is none."""
    numbers = times.view(pa.int64())
    known = numbers.fill_null(0) if numbers.null_count else numbers
    return np.asarray(known.to_numpy(), np.int64)


def runs(numbers: NDArray[Any]) -> tuple[Index, Index]:
    """Where each run of equal numbers begins, and how long it is."""
    changed = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=changed[1:])
    begins = np.flatnonzero(changed)
    return begins, np.diff(begins, append=len(numbers))


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _codes(column: pa.Array) -> Index:
    """A number per value, from 1 in order of appearance; 0 for null."""
    indices = column.dictionary_encode().indices
    known = indices.fill_null(-1) if indices.null_count else indices
    return np.asarray(known.to_numpy(zero_copy_only=False), dtype=np.int64) + 1
