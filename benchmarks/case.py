"""A case as a value: what it measures, on how much, and what its figures are held to.

Here: the shape. Not here: which cases there are (catalogue.py), or how they measure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Literal, cast

from benchmarks.measuring import Measure
from benchmarks.ward import OBSERVATIONS as OBSERVATIONS_OF_A_MESSAGE

Law = Literal["time", "memory"]
BOTH: Final[frozenset[Law]] = frozenset({"time", "memory"})
# Units of which more is better, and how many of each the baseline does with one message; 0 where
# it does nothing of the kind.
_MORE: Final[Mapping[str, int]] = {
    "observations/s": OBSERVATIONS_OF_A_MESSAGE,
    "messages/s": 1,
    "resources/s": 1,
    "MiB/s": 0,
    "x": 0,
}
# Units of which neither more nor less is better.
_COUNTS: Final = frozenset({"alerts", "rows"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a case: its key in the JSON, its unit, and its bound where it has one."""

    name: str
    unit: str
    at_least: float | None = None
    below: float | None = None
    where: str = ""

    @property
    def more_is_better(self) -> bool:
        """Whether a higher figure is the better one."""
        return self.unit in _MORE

    @property
    def is_count(self) -> bool:
        """Whether it only says how much there was."""
        return self.unit in _COUNTS

    @property
    def per_baseline_message(self) -> int:
        """How many the baseline does with one message; 0 where it is no rate."""
        return _MORE.get(self.unit, 0)

    @property
    def bound(self) -> float | None:
        """What it is held to."""
        return self.below if self.at_least is None else self.at_least

    @property
    def held_to(self) -> str | None:
        """What it is held to, in words."""
        if self.bound is None:
            return None
        words = "below" if self.at_least is None else "at least"
        return f"{words} {self.bound:,.12g}" + (f", {self.where}" if self.where else "")

    def is_met(self, value: float) -> bool | None:
        """Whether a value is within the bound; None without one."""
        if self.bound is None:
            return None
        return value < self.bound if self.at_least is None else value >= self.bound


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `size` and `quick` are messages (or resources); `laws` say what growth is held to.

    Without a `quick` size it has no place in a quick run.

    `source` is `module:function`, imported only in the process that runs the case. Its rates are
    `per_core` where they count seconds of the processor.
    """

    name: str
    stage: str
    what: str
    source: str
    size: int
    quick: int
    figures: tuple[Figure, ...]
    laws: frozenset[Law] = frozenset()
    runs: int = 5
    quick_runs: int = 2
    per_core: bool = False

    def measure(self) -> Measure:
        """The function that measures it."""
        module, _, name = self.source.partition(":")
        return cast("Measure", getattr(import_module(f"benchmarks.{module}"), name))
