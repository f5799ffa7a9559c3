"""Shares with their uncertainty, and the spread of a set of hours.

Here: proportions with Wilson's interval, quartiles. Not here: what is counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

# The standard normal's 97.5 % point: intervals hold 95 %.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Proportion:
    """`count` of `of`; a share of nothing is not known, never 0."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """The share, 0 to 1."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval. Source: Wilson, J Am Stat Assoc 1927;22:209."""
        if not self.of:
            return None
        share, square = self.count / self.of, _Z * _Z
        middle = share + square / (2 * self.of)
        reach = _Z * sqrt(share * (1 - share) / self.of + square / (4 * self.of * self.of))
        scale = 1 + square / self.of
        return max((middle - reach) / scale, 0.0), min((middle + reach) / scale, 1.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """How many values there are, and their quartiles; null without any."""

    n: int
    q1: float | None
    median: float | None
    q3: float | None

    def to_json(self) -> Mapping[str, float | int | None]:
        """The stable form."""
        return {"n": self.n, "q1": self.q1, "median": self.median, "q3": self.q3}


def spread(values: Iterable[float]) -> Spread:
    """The quartiles of values, by linear interpolation."""
    known = np.fromiter(values, np.float64)
    if not len(known):
        return Spread(0, None, None, None)
    q1, median, q3 = (round(float(one), 4) for one in np.quantile(known, (0.25, 0.5, 0.75)))
    return Spread(len(known), q1, median, q3)
