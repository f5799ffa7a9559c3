"""Rounding to the grid that published bands are defined on.

Here: rounding half up, and the nearest grid value strictly above or below. All of it is exact for
numbers of up to six decimals: binary floats are first put on a grid of whole millionths, so that
38.05, which no float can hold, still rounds up to 38.1. Not here: which precision a concept has.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_MILLIONTHS = 1_000_000
# Whole millionths of anything larger leave the range in which a float holds every integer.
_EXACT_BELOW = 9.0e9


def round_half_up(values: Floats, precision: float | Floats) -> Floats:
    """Round to multiples of `precision`; a half goes up, towards plus infinity.

    Args:
        values: Numbers; NaN stays NaN.
        precision: One step for all, or one per value; a multiple of a millionth.
    """
    return _on_grid(values, precision, lambda value, step: (2 * value + step) // (2 * step))


def grid_below(values: Floats, precision: float | Floats) -> Floats:
    """The largest multiple of `precision` that is strictly below each value."""
    return _on_grid(values, precision, lambda value, step: -(-value // step) - 1)


def grid_above(values: Floats, precision: float | Floats) -> Floats:
    """The smallest multiple of `precision` that is strictly above each value."""
    return _on_grid(values, precision, lambda value, step: value // step + 1)


def round_value(value: float, precision: float) -> float:
    """`round_half_up` of one number."""
    return float(round_half_up(np.array([value], dtype=np.float64), precision)[0])


def _on_grid(
    values: Floats, precision: float | Floats, steps: Callable[[Whole, Whole], Whole]
) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    exact = np.abs(values) < _EXACT_BELOW  # False for NaN and infinity: those pass unchanged
    value = np.rint(np.where(exact, values, 0.0) * _MILLIONTHS).astype(np.int64)
    step = np.rint(np.asarray(precision, dtype=np.float64) * _MILLIONTHS).astype(np.int64)
    return np.where(exact, steps(value, step) * step / _MILLIONTHS, values)
