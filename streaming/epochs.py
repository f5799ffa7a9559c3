"""An epoch: the rows of one feed partition that are committed together.

Here: its shape, and cutting one that reaches over many dates. Not here: when an epoch closes
(sink.py), or committing it (writer.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.stamps import Stamp
from lakehouse.tables import RAW_MESSAGES

# Dates that one commit may reach over: more costs memory, fewer costs commits.
DATES: Final = 32


@dataclass(frozen=True, slots=True)
class Epoch:
    """Rows of one feed partition, none beyond offset `upto`, and when they were learnt."""

    feed: str
    partition: int
    upto: int
    tables: Mapping[str, pa.Table]
    stamp: Stamp | None = None


def few_dates(epoch: Epoch) -> Iterator[Epoch]:
    """The epoch in pieces, by offset, none of which reaches over more than DATES dates.

    A commit holds one open file for each date it writes to, about a megabyte each; only replays of
    sparse or unordered feeds reach over many.
    """
    raw = epoch.tables.get(RAW_MESSAGES.name)
    if raw is None:
        yield epoch
        return
    offsets = raw["offset"].to_numpy()
    order = np.argsort(offsets, kind="stable")
    dates = raw["received_date"].cast(pa.int32()).to_numpy()[order]
    ends = offsets[order][_ends(dates)]
    low = np.iinfo(np.int64).min
    for end in ends.tolist() if len(ends) > 1 else []:
        yield _between(epoch, low, end)
        low = end
    if len(ends) <= 1:
        yield epoch


def _ends(dates: NDArray[np.int32]) -> list[int]:
    """Places of the last message of each piece."""
    ends: list[int] = []
    seen: set[int] = set()
    for place in np.flatnonzero(np.append(True, np.diff(dates) != 0)).tolist():
        if len(seen | {int(dates[place])}) > DATES:
            ends.append(place - 1)
            seen = set()
        seen.add(int(dates[place]))
    return [*ends, len(dates) - 1]


def _between(epoch: Epoch, low: int, high: int) -> Epoch:
    """Rows of the offsets above `low` and up to `high`."""
    tables = {}
    for name, rows in epoch.tables.items():
        offset = rows["offset"]
        mine = rows.filter(pc.and_(pc.greater(offset, low), pc.less_equal(offset, high)))
        if mine.num_rows:
            tables[name] = mine
    stamp = None if epoch.stamp is None else epoch.stamp.between(low, high)
    return Epoch(epoch.feed, epoch.partition, high, tables, stamp)
