"""Bands: points by value, closed above.

Here: the table and its scalar reading. Not here: any particular score's numbers.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence

INF = math.inf


class Bands:
    """Points by value: each row is (highest value of the band, points); the last bound is infinite.

    Values are rounded to their concept's precision before they are looked up, so that a source's
    "91-100" is the row (100, points) and its "< 50" is the row (49, points).

    >>> Bands((8, 3), (11, 1), (INF, 0)).points(9)
    1
    """

    __slots__ = ("bounds", "scored")

    def __init__(self, *rows: tuple[float, int]) -> None:
        bounds = [bound for bound, _ in rows]
        if bounds != sorted(set(bounds)) or bounds[-1] != INF:
            msg = f"bands must rise and end at infinity, got {bounds}"
            raise ValueError(msg)
        self.bounds: Sequence[float] = tuple(bounds[:-1])
        self.scored: Sequence[int] = tuple(points for _, points in rows)

    def points(self, value: float) -> int:
        """Points of one value, already rounded to its concept's precision."""
        return self.scored[bisect_left(self.bounds, value)]

    def span(self, value: float) -> tuple[float, float]:
        """The band of one value: it lies above the first number, up to and with the second."""
        place = bisect_left(self.bounds, value)
        return (-INF, *self.bounds)[place], (*self.bounds, INF)[place]

    @property
    def highest(self) -> int:
        """The most points any value can have."""
        return max(self.scored)

    def __repr__(self) -> str:
        """The whole table: it is part of what `rules_version` hashes."""
        return f"Bands({list(zip((*self.bounds, INF), self.scored, strict=True))})"
