"""A group of messages ready to be read for facts.

Here: what every kind of fact needs: index, header, subjects, the usable messages. Not here: facts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import filled
from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.header import Header
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.message_types import ENCOUNTERS, RESULTS
from clinical.wire.hl7.subjects import Subjects
from clinical.wire.hl7.text import Cells, component
from clinical.wire.time import timestamps

Flags = npt.NDArray[np.bool_]
BAD_TIME = "bad_time"


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one group; `usable` are those that are parsed."""

    index: Index
    header: Header
    subjects: Subjects
    usable: Flags
    zone: str

    @property
    def delimiters(self) -> Delimiters:
        """The separators all its messages have."""
        return self.index.delimiters

    @property
    def results(self) -> Flags:
        """The messages whose OBX segments are observations of a patient."""
        return self.header.of_kind(RESULTS | ENCOUNTERS)

    def rows(self, kind: str, messages: Flags | None = None) -> Rows:
        """The segments of one name in the usable messages, or in these of them."""
        return self.index.rows(kind, self.usable if messages is None else self.usable & messages)

    def moments(self, *columns: Cells) -> list[tuple[pa.Array, pa.Array]]:
        """Times of columns, and "bad_time" for each text that is there and unreadable.

        Columns of one message mostly hold the same time, so they are read together.
        """
        texts = [component(cells.texts, self.delimiters, 1) for cells in columns]
        joined = Cells(pa.concat_arrays(texts).dictionary_encode())
        read = timestamps(joined.texts, self.zone)
        bad = pc.if_else(read.is_null(), BAD_TIME, pa.scalar(None, pa.string()))
        times, flags = joined.spread(read, read.type), joined.spread(bad, pa.string())
        bounds = np.cumsum([0, *(len(column) for column in texts)])
        return [
            (
                cells.spread(times[start:stop], read.type),
                cells.spread(flags[start:stop], pa.string()),
            )
            for cells, start, stop in zip(columns, bounds[:-1], bounds[1:], strict=True)
        ]

    def table(self, name: str, columns: dict[str, pa.Array]) -> pa.Table:
        """A table of facts of the contract's types; columns that are not given are null."""
        return filled(name, columns, len(columns["message"]))
