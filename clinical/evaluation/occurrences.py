"""Things that happen to patients at times: alerts, onsets, deaths, doses.

Here: columns of (patient, time), and which of them lie in windows around others. Not here: what
they mean.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.validity import MICROSECONDS_PER_HOUR

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Numbers of patients and times (microseconds UTC), sorted by both."""

    patient: Ints
    at: Ints

    def __len__(self) -> int:
        """How many there are."""
        return len(self.patient)

    def chosen(self, which: Bools) -> "Occurrences":
        """Some of them."""
        return Occurrences(self.patient[which], self.at[which])

    def firsts(self) -> "Occurrences":
        """The first of each patient."""
        opens = np.ones(len(self), np.bool_)
        opens[1:] = self.patient[1:] != self.patient[:-1]
        return self.chosen(opens)


def occurrences(patient: Ints, at: Ints) -> Occurrences:
    """Occurrences in any order, sorted."""
    order = np.lexsort((at, patient))
    return Occurrences(patient[order].astype(np.int64), at[order].astype(np.int64))


def bounds(points: Occurrences, patient: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """For each window [low, high] of a patient: its first place in the points, and one past it."""
    times = np.unique(np.concatenate([points.at, low, high]))
    scale = len(times) + 1
    key = points.patient * scale + np.searchsorted(times, points.at)
    first = np.searchsorted(key, patient * scale + np.searchsorted(times, low), side="left")
    last = np.searchsorted(key, patient * scale + np.searchsorted(times, high), side="right")
    return first, last


def hours_between(earlier: Ints, later: Ints) -> Floats:
    """Hours from one time to the other; negative where `later` is before."""
    hours: Floats = (later - earlier) / MICROSECONDS_PER_HOUR
    return hours
