"""Fields that are read as one, because the same come together again.

Here: the columns of their distinct combinations, each of which is split once. Not here: which
fields those are, which every reader of a segment knows, or where they lie (rows.py).
"""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Self

import pyarrow as pa

from clinical.wire.hl7.text import Cells, taken

STRING = pa.string()
# It pays where each combination comes so many times or more.
AGAIN = 4


@dataclass(frozen=True, slots=True)
class Span:
    """Fields `first` to `last` of some segments; a column ends with the longest combination."""

    first: int
    last: int
    columns: list[tuple[str, ...]]
    which: pa.Array

    @classmethod
    def of(cls, first: int, last: int, sent: pa.Array, mark: str) -> Self | None:
        """Split what was sent at its field separators; None where it hardly comes again."""
        cells = Cells.of(sent)
        if len(cells.texts) * AGAIN > len(sent):
            return None
        lines = (text.split(mark) for text in cells.distinct)
        return cls(first, last, list(zip_longest(*lines, fillvalue="")), cells.which)

    def cells(self, number: int) -> Cells:
        """One of the fields by its distinct values."""
        place = number - self.first
        texts = self.columns[place] if place < len(self.columns) else ()
        if not any(texts):
            return Cells(pa.array([], STRING), pa.nulls(len(self.which), pa.int32()))
        own = Cells.of(pa.array([text or None for text in texts], STRING))
        return Cells(own.texts, taken(own.which, self.which))
