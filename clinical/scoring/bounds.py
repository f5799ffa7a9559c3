"""Points by how many bounds a value has passed: half-open bands over columns and single values.

Here: the three ways in which a table counts. Not here: any bound (clinical/scores). `exact` is how
a value is read for them: as told, but for what a change of units leaves behind.
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import round_half_up, round_value
from clinical.scoring.validity import FINEST

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def exact(values: Floats) -> Floats:
    """Values as they are read for half-open bands."""
    return round_half_up(values, FINEST)


@cache
def exact_value(value: float) -> float:
    """`exact` of one value."""
    return round_value(value, FINEST)


def below(bounds: Sequence[float], values: Floats) -> Ints:
    """Number of bounds that each value is below."""
    found: Ints = np.array([values < bound for bound in bounds]).sum(axis=0)
    return found


def reached(bounds: Sequence[float], values: Floats) -> Ints:
    """Number of bounds that each value has reached."""
    found: Ints = np.array([values >= bound for bound in bounds]).sum(axis=0)
    return found


def above(points: Mapping[float, int], values: Floats) -> Ints:
    """Points of the highest bound that each value is above; bounds rise with points."""
    found = np.zeros(len(values), np.int64)
    for bound, given in points.items():
        found[values > bound] = given
    return found


def less_than(points: Mapping[int, int], values: Floats) -> Ints:
    """Points of the lowest bound that each value is below; bounds fall as points rise."""
    found = np.zeros(len(values), np.int64)
    for bound, given in points.items():
        found[values < bound] = given
    return found
