"""Answers of the laws about one patient, told again without asking again.

Here: for which moments an answer holds, and a store of so many. Not here: the answers.

A law compares the moment it is asked of with times in the patient's own rows, and with nothing
else: between two such times it says the same. An answer is kept under what was known; who has
learnt more asks under another name.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final, Generic, TypeVar

import numpy as np
import pyarrow as pa

# The drugs of the patients of a large hospital take some 100 MB.
MOST: Final = 200_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_TICKS: Final = pa.timestamp("us", tz="UTC")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Span:
    """The moments at which an answer holds: one, and those between two that are not among them."""

    at: datetime
    after: datetime
    before: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the answer holds at a moment."""
        return at == self.at or self.after < at < self.before


ALWAYS: Final = Span(_EPOCH, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def span(facts: Iterable[pa.Table], at: datetime) -> Span:
    """Between which moments of some rows a moment lies; it alone, where it is one of theirs."""
    asked = (at - _EPOCH) // _TICK
    moments = np.concatenate([np.empty(0, np.int64), *(_moments(rows) for rows in facts)])
    if (moments == asked).any():
        return Span(at, at, at)
    earlier, later = moments[moments < asked], moments[moments > asked]
    return Span(
        at,
        _EPOCH + int(earlier.max()) * _TICK if len(earlier) else ALWAYS.after,
        _EPOCH + int(later.min()) * _TICK if len(later) else ALWAYS.before,
    )


def _moments(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    times = [
        rows.column(place).drop_null().cast(_TICKS).cast(pa.int64()).to_numpy()
        for place, field in enumerate(rows.schema)
        if pa.types.is_timestamp(field.type)
    ]
    return np.concatenate([np.empty(0, np.int64), *times])


class Remembered(Generic[Answer]):
    """The newest answer to each question; those not asked for longest are forgotten."""

    def __init__(self, most: int = MOST) -> None:
        """Nothing was asked yet; `most` is the weight of all together."""
        self._most = most
        self._weight = 0
        self._told: OrderedDict[Hashable, tuple[Span, Answer, int]] = OrderedDict()
        self._lock = Lock()

    def told(self, asked: Hashable, at: datetime) -> tuple[Span, Answer] | None:
        """The answer and for how long it holds; None where it is not known."""
        with self._lock:
            found = self._told.get(asked)
            if found is None or not found[0].holds(at):
                return None
            self._told.move_to_end(asked)
            return found[0], found[1]

    def keep(self, asked: Hashable, known: tuple[Span, Answer], weight: int) -> None:
        """Keep an answer in place of an older one."""
        with self._lock:
            _, _, before = self._told.pop(asked, (None, None, 0))
            # An answer of no rows takes room, too.
            self._told[asked] = (*known, weight + 1)
            self._weight += weight + 1 - before
            while self._weight > self._most and len(self._told) > 1:
                _, (_, _, gone) = self._told.popitem(last=False)
                self._weight -= gone
