"""SOFA hour by hour as adjudication reads it, and how much it rose by each published reading.

Here: totals at hour ends, and the rise at each of them. Not here: SOFA itself (clinical/scores),
or which hours count (sepsis3.py).

A missing component counts as 0 in the total, as in mimic-code and ricu; an hour in which nothing
was known is no hour here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

Ints = NDArray[np.int64]
Rise = Literal["over_zero", "over_baseline", "over_lowest_so_far", "within_a_day"]
# A baseline is the last total of the day before the window; without one, no dysfunction is assumed
# (the consensus), though a value that is known is preferred. [P]
BASELINE_WITHIN = 24 * HOUR
# CinC 2019: an increase of two points within 24 hours.
RISE_WITHIN = 24 * HOUR


@dataclass(frozen=True, slots=True)
class SofaHours:
    """One patient's totals in one variant of SOFA, by the end of the hour they stand at.

    `known_at` is when the newest value that a total rests on had reached us.
    """

    at: Ints
    total: Ints
    known_at: Ints

    @classmethod
    def of(cls, hours: Mapping[int, tuple[int, int]]) -> "SofaHours":
        """From hour end to total and when it was known; the order does not matter."""
        ends = sorted(hours)
        totals = [hours[end][0] for end in ends]
        known = [hours[end][1] for end in ends]
        return cls(*(np.array(one, np.int64) for one in (ends, totals, known)))

    def between(self, low: int, high: int) -> slice:
        """The hours that end from `low` to `high`, both included."""
        begin = int(np.searchsorted(self.at, low, "left"))
        return slice(begin, int(np.searchsorted(self.at, high, "right")))


@dataclass(frozen=True, slots=True)
class Risen:
    """Of each hour of a window: how much SOFA had risen, and over what."""

    rise: Ints
    baseline: Ints


def over_zero(hours: SofaHours, window: slice) -> Risen:
    """The total itself: dysfunction before the infection is taken to be none (mimic-code)."""
    total = hours.total[window]
    return Risen(total, np.zeros_like(total))


def over_baseline(hours: SofaHours, window: slice) -> Risen:
    """Over the last total known before the window, else over 0 (Seymour 2016, Singer 2016)."""
    total = hours.total[window]
    before = window.start - 1
    is_recent = (
        len(total) and before >= 0 and hours.at[window.start] - hours.at[before] <= BASELINE_WITHIN
    )
    baseline = np.full_like(total, hours.total[before] if is_recent else 0)
    return Risen(total - baseline, baseline)


def over_lowest_so_far(hours: SofaHours, window: slice) -> Risen:
    """Over the lowest total of the window up to the hour (ricu, `delta_cummin`)."""
    total = hours.total[window]
    baseline = np.minimum.accumulate(total) if len(total) else total
    return Risen(total - baseline, baseline)


def within_a_day(hours: SofaHours, window: slice) -> Risen:
    """Over the lowest total of the 24 hours up to the hour, also before the window (CinC 2019)."""
    total, ends = hours.total[window], hours.at[window]
    first = np.searchsorted(hours.at, ends - RISE_WITHIN, "left")
    lowest = [
        hours.total[low:high].min()
        for low, high in zip(first, range(window.start + 1, window.stop + 1), strict=True)
    ]
    baseline = np.array(lowest, np.int64)
    return Risen(total - baseline, baseline)


RISES: Mapping[Rise, Callable[[SofaHours, slice], Risen]] = {
    "over_zero": over_zero,
    "over_baseline": over_baseline,
    "over_lowest_so_far": over_lowest_so_far,
    "within_a_day": within_a_day,
}
