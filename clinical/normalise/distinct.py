"""Deciding once per distinct value instead of once per row.

Here: the distinct combinations of some columns and which one each row has. A batch of 100 000 rows
has a few hundred distinct codes, units and answers: everything in this room is decided on those,
then taken. Not here: any decision.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Index = NDArray[np.int64]
T = TypeVar("T")
# Combined numbers stay far below what 64 bits hold.
_LARGEST = 2**40


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct combinations in order of first appearance, and the place in `keys` of each row's."""

    keys: list[tuple[Any, ...]]
    which: Index

    def decide(self, decision: Callable[..., T]) -> list[T]:
        """The decision on each distinct combination."""
        return [decision(*key) for key in self.keys]


def distinct(*columns: pa.Array) -> Distinct:
    """The distinct combinations of columns of one length; null is a value of its own."""
    which = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        if column.null_count == len(column):
            continue
        codes = _codes(column)
        kinds = int(codes.max(initial=0)) + 1
        if size * kinds > _LARGEST:
            which, size = _compact(which)
        which, size = which * kinds + codes, size * kinds
    which, size = _compact(which)
    first = np.zeros(size, dtype=np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]
    values = [column.take(pa.array(first)).to_pylist() for column in columns]
    return Distinct(list(zip(*values, strict=True)), which)


def _compact(which: Index) -> tuple[Index, int]:
    """Renumber from 0 in order of appearance; how many numbers there are."""
    codes = _codes(pa.array(which)) - 1
    return codes, int(codes.max(initial=-1)) + 1


def flags(column: pa.Array) -> NDArray[np.bool_]:
    """A boolean column; null is False."""
    return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=np.bool_)


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _codes(column: pa.Array) -> Index:
    """A number per value, from 1 in order of appearance; 0 for null."""
    indices = column.dictionary_encode().indices
    return np.asarray(indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64) + 1
