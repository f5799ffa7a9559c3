"""Elements of many resources as columns, each distinct text read once.

Here: JSON texts as an Arrow column, and what was read from each spread over its rows. Not here:
what is in a text (codings.py, references.py).

A live batch is one resource, a replay thousands: up to FEW rows are read one by one, which costs
less than it takes to tell which of them are alike.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Raw

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
FEW = 96

Column: TypeAlias = pa.Array | Sequence[object]
Rows: TypeAlias = Sequence[int] | npt.NDArray[np.int64]


def column(raws: Sequence[Raw]) -> pa.Array:
    """The JSON of each element; of one that was not sent, nothing."""
    bounds = np.zeros(len(raws) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, raws), np.int64, len(raws)), out=bounds[1:])
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(b"".join(raws))]
    return pa.Array.from_buffers(pa.large_binary(), len(raws), buffers)


@dataclass(frozen=True, slots=True)
class Distinct:
    """Texts, and which row has which; without `places` row n has text n."""

    texts: list[bytes]
    places: pa.Array | None = None

    def spread(self, read: Sequence[object], kind: pa.DataType) -> Column:
        """What was read of each text, for every row; of few rows it is a list."""
        if self.places is None:
            return read
        if not any(each is not None for each in read):
            return pa.nulls(len(self.places), kind)
        return pa.array(read, kind).take(self.places)

    def repeated(self, read: Sequence[T]) -> list[T]:
        """The same of what is no element of a column."""
        if self.places is None:
            return list(read)
        return [read[place] for place in self.places.to_pylist()]

    def rows_of(self, wanted: Sequence[bool]) -> list[int]:
        """The rows whose text is one of these."""
        chosen = np.asarray(wanted, np.bool_)
        if self.places is not None:
            chosen = chosen[self.places.to_numpy()]
        found: list[int] = np.flatnonzero(chosen).tolist()
        return found


def numbers(rows: Rows) -> npt.NDArray[np.int64]:
    """Row numbers as NumPy has them."""
    if isinstance(rows, range):
        return np.arange(rows.start, rows.stop)
    return np.asarray(rows, np.int64)


def array(told: Column, kind: pa.DataType) -> pa.Array:
    """A column as Arrow has it."""
    return told if isinstance(told, pa.Array) else pa.array(told, kind)


def meanings(words: Sequence[K], meaning: Callable[[K], T]) -> list[T]:
    """What each word means, each distinct one asked for once; for elements of few words."""
    if len(words) <= FEW:
        return [meaning(word) for word in words]
    known = {word: meaning(word) for word in set(words)}
    return [known[word] for word in words]


def looked_up(words: Sequence[K], meaning: Callable[[K], str | None]) -> Column:
    """The same as a column of texts, of few rows as a list."""
    if len(words) <= FEW or len(known := set(words)) > 1:
        return meanings(words, meaning)
    told = meaning(known.pop())
    return nothing(len(words)) if told is None else pa.repeat(told, len(words))


def nothing(count: int) -> Column:
    """A column of texts without any."""
    return [None] * count if count <= FEW else pa.nulls(count, pa.string())


def pick(told: Column, of: Rows) -> Column:
    """The rows of a column, in this order."""
    if isinstance(told, pa.Array):
        return told.take(pa.array(of, pa.int64()))
    return [told[row] for row in (of.tolist() if isinstance(of, np.ndarray) else of)]


def extended(told: Column, more: Sequence[object]) -> Column:
    """A column with more rows behind it."""
    if isinstance(told, pa.Array):
        return pa.concat_arrays([told, pa.array(more, told.type)])
    return [*told, *more]


def without(told: Column, rows: Sequence[int]) -> Column:
    """A column with nothing in these rows."""
    gone = set(rows)
    if isinstance(told, pa.Array):
        kept = pa.array([None if row in gone else row for row in range(len(told))], pa.int64())
        return told.take(kept)
    return [None if row in gone else each for row, each in enumerate(told)]


def distinct(raws: Sequence[Raw]) -> Distinct:
    """The texts of many elements."""
    if len(raws) <= FEW:
        return Distinct([bytes(raw) for raw in raws])
    encoded = column(raws).dictionary_encode()
    return Distinct(encoded.dictionary.to_pylist(), encoded.indices)
