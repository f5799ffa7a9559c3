"""Segments that others stand under or before, as columns with a row for each of those.

Here: the ORC of each drug, the RXR behind it, and the like. Not here: which segment stands under
which (index.py), or the fields of segments (rows.py).
"""

from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from clinical.wire.hl7.index import Rows
from clinical.wire.hl7.text import Positions, taken


@dataclass(frozen=True, slots=True)
class Linked:
    """Segments, and which of them belongs to each row; None: each in its turn."""

    rows: Rows
    which: pa.Array | None

    @classmethod
    def to(cls, rows: Rows, segments: Positions) -> Self:
        """Those of the rows that are these segments, which may be -1."""
        if len(segments) and segments[0] >= 0 and (segments[1:] > segments[:-1]).all():
            return cls(rows.index.these(segments, rows.origin), None)
        return cls.all(rows, segments)

    @classmethod
    def all(cls, rows: Rows, segments: Positions) -> Self:
        """The same, with those that belong to no row: what they say counts for others."""
        return cls(rows, rows.link(segments))

    def spread(self, column: pa.Array) -> pa.Array:
        """A column of the segments as one of those that they belong to."""
        return column if self.which is None else taken(column, self.which)
