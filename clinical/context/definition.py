"""What a context is made of.

Here: the shapes that the table of contexts fills, and both engines interpret. Not here: any
particular context (contexts.py), or when one holds (reference.py, columns.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.validity import LOOKBACK, MICROSECONDS_PER_HOUR

# stated: a clinician's own word. inferred: read off a device, a drug or a procedure.
Certainty = Literal["stated", "inferred"]
Floats = NDArray[np.float64]
Signs = NDArray[np.int8]
FOR, AGAINST, SILENT = 1, -1, 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the values of one concept speak about a context.

    Values within the closed range `low` to `high`, or among `values` where any are named, speak for
    it; others against it, or with `silent` neither way. An event always speaks for it, or with
    `ends` always against. What `yields` gives way to any other word of the same time: the end of
    one rate is told at the start of the next, in either order.
    """

    concept: str
    values: frozenset[float] = frozenset()
    low: float = -np.inf
    high: float = np.inf
    silent: bool = False
    ends: bool = False
    yields: bool = False

    def say(self, values: Floats) -> Signs:
        """What each value says; values are rounded to the concept's precision."""
        if self.ends:
            return np.full(len(values), AGAINST, np.int8)
        otherwise = SILENT if self.silent else AGAINST
        return np.where(self._speaks_for(values), FOR, otherwise).astype(np.int8)

    def _speaks_for(self, values: Floats) -> NDArray[np.bool_]:
        if self.values:
            return np.isin(values, sorted(self.values))
        within: NDArray[np.bool_] = (values >= self.low) & (values <= self.high)
        return within


@dataclass(frozen=True, slots=True)
class Context:
    """One context.

    It holds while the newest thing said about it speaks for it and is at most `hours` old (None: as
    long as the concept's own look-back; that may be for good). `since` is the first of an unbroken
    row of such words: none against it in between, and none later than `hours` after the one before.
    """

    name: str
    meaning: str
    evidence: tuple[Evidence, ...]
    certainty: Certainty
    source: str
    hours: float | None = None

    @property
    def concepts(self) -> tuple[str, ...]:
        """The concepts that speak about it."""
        return tuple(one.concept for one in self.evidence)

    @property
    def window(self) -> int:
        """How long one word speaks, in microseconds."""
        if self.hours is not None:
            return round(self.hours * MICROSECONDS_PER_HOUR)
        return max(LOOKBACK[one.concept] for one in self.evidence if not one.ends)


@dataclass(frozen=True, slots=True)
class AgeContext:
    """A context that holds below an age in completed years; since birth, by the birth date."""

    name: str
    meaning: str
    below_age: int
    certainty: Certainty
    source: str


AnyContext = Context | AgeContext


def told(contexts: tuple[AnyContext, ...]) -> Mapping[str, AnyContext]:
    """Contexts by name."""
    return {context.name: context for context in contexts}


def horizon(concept: str) -> int:
    """How far back words about a concept are looked for: as far as every shard remembers them.

    What began earlier is told as beginning there.
    """
    return 2 * LOOKBACK[concept]
