"""A group of messages ready to be read for facts.

Here: what every kind of fact needs: index, header, subjects, the usable messages. Not here: facts.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.decoded import filled
from clinical.wire.hl7.delimiters import Delimiters
from clinical.wire.hl7.header import Header
from clinical.wire.hl7.index import Index, Rows
from clinical.wire.hl7.message_types import OBSERVED
from clinical.wire.hl7.subjects import Subjects
from clinical.wire.hl7.text import FEW, Cells, component
from clinical.wire.time import UTC, instant, timestamps

Flags = npt.NDArray[np.bool_]
BAD_TIME = "bad_time"
# A year or a month, which is no time of a signal.
COARSE = re.compile(r"[0-9]{4}(?:[0-9]{2})?(?:[+-][0-9]{4})?")
_LONGEST_COARSE = len("202407+0100")


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
        return self.header.of_kind(OBSERVED)

    def rows(self, kind: str, messages: Flags | None = None) -> Rows:
        """The segments of one name in the usable messages, or in these of them."""
        return self.index.rows(kind, self.usable if messages is None else self.usable & messages)

    def moments(self, *fields: tuple[Rows, int]) -> list[tuple[pa.Array, pa.Array]]:
        """Times of fields, and "bad_time" for each text that is there and tells no day.

        Fields of one message mostly hold the same time, so they are read together.
        """
        if all(len(rows) <= FEW for rows, _ in fields):
            return [self._few_moments(rows.texts(number)) for rows, number in fields]
        columns = [rows.cells(number) for rows, number in fields]
        texts = [component(cells.texts, self.delimiters, 1) for cells in columns]
        joined = Cells.of(pa.concat_arrays(texts))
        read = _of_days(timestamps(joined.texts, self.zone), joined.texts)
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

    def _few_moments(self, texts: list[str | None]) -> tuple[pa.Array, pa.Array]:
        read = [
            instant(text, self.zone) if text and not COARSE.fullmatch(text) else None
            for text in texts
        ]
        bad = [text and at is None for text, at in zip(texts, read, strict=True)]
        flags = [BAD_TIME if one else None for one in bad] if any(bad) else None
        empty = pa.nulls(len(texts), pa.string())
        return pa.array(read, UTC), empty if flags is None else pa.array(flags, pa.string())

    def table(self, name: str, columns: dict[str, pa.Array]) -> pa.Table:
        """A table of facts of the contract's types; columns that are not given are null."""
        return filled(name, columns, len(columns["message"]))


def _of_days(read: pa.Array, texts: pa.Array) -> pa.Array:
    """Times without those whose text tells no day."""
    shortest = pc.min(pc.binary_length(texts)).as_py()
    if shortest is None or shortest > _LONGEST_COARSE:
        return read
    coarse = pc.match_substring_regex(texts, f"^(?:{COARSE.pattern})$").fill_null(False)
    return pc.if_else(coarse, pa.scalar(None, read.type), read) if coarse.true_count else read
