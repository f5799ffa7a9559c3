"""Weights of steps: logistic regression whose weights are never negative.

Here: `fitted`, by Newton's method, each of its moves by coordinates. Not here: what the steps are.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Which steps hold at each hour, as 0 and 1.
Design = NDArray[np.float32]

# How much a weight costs by itself, and squared: more makes the table sparser, and smoother.
SPARSE, EVEN = 1.0, 1.0
_ROUNDS, _SWEEPS, _ENOUGH = 30, 200, 1e-6


def fitted(held: Design, gain: Floats) -> Floats:
    """Non-negative weights of steps: Newton's method, each step by coordinates."""
    design = np.column_stack([held, np.ones(len(held), held.dtype)])
    weigh, wanted = np.abs(gain), gain > 0
    floor = np.append(np.zeros(held.shape[1]), -np.inf)
    found = np.append(np.zeros(held.shape[1]), -2.0)
    sparse, even = np.full((2, len(found)), [[SPARSE], [EVEN]])
    sparse[-1] = even[-1] = 0
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-(design @ found)))
        slope = design.T @ (weigh * (chance - wanted)) + sparse + even * found
        bend = (design * (weigh * chance * (1 - chance))[:, None]).T @ design + np.diag(even)
        moved = _downhill(slope, bend, floor - found)
        found = found + moved
        if np.abs(moved).max() < _ENOUGH:
            break
    return found[:-1]


def _downhill(slope: Floats, bend: Floats, lowest: Floats) -> Floats:
    """The move that makes a quadratic least, no coordinate below its lowest."""
    moved = np.zeros(len(slope))
    for _ in range(_SWEEPS):
        before = moved.copy()
        for one in range(len(moved)):
            wish = moved[one] - (slope[one] + bend[one] @ moved) / bend[one, one]
            moved[one] = max(wish, lowest[one])
        if np.abs(moved - before).max() < _ENOUGH:
            break
    return moved
