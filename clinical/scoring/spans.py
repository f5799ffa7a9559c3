"""Values that hold over stretches of clinical time and of knowledge.

Here: their shape. Not here: where they come from (timeline.py), what is made of them (windows.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Spans:
    """Values that hold over stretches of clinical time and of knowledge.

    One holds while `begins <= now < ends`, where it is known since arrival `learnt` and not yet
    `gone`. `row` is the row of the stack it rests on.
    """

    row: Ints
    owner: Ints
    begins: Ints
    ends: Ints
    learnt: Ints
    gone: Ints
    value: Floats

    def __len__(self) -> int:
        """How many there are."""
        return len(self.row)

    def take(self, chosen: Ints | Bools | slice) -> "Spans":
        """Some of them, by place, by mask or by stretch."""
        return Spans(
            self.row[chosen],
            self.owner[chosen],
            self.begins[chosen],
            self.ends[chosen],
            self.learnt[chosen],
            self.gone[chosen],
            self.value[chosen],
        )

    def lasting(self, window: int, lag: int = 0) -> "Spans":
        """The same values, each from `lag` after it began until `window` later."""
        begins = self.begins + lag if lag else self.begins
        return Spans(
            self.row, self.owner, begins, begins + window, self.learnt, self.gone, self.value
        )
