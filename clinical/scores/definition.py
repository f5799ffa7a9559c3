"""What a score is made of.

Here: the shapes that the score tables fill and both engines interpret. Not here: any threshold.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clinical.scores.bands import Bands

# How a parameter's bands are chosen. "spo2_scale" takes the three tables (scale 1, scale 2 on air,
# scale 2 on oxygen) by the patient's prescribed scale and oxygen status.
Switch = Literal["none", "spo2_scale"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One input that can answer a parameter, with its bands (one table, or one per regime)."""

    input: str
    bands: tuple[Bands, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of a score's chart.

    With several alternatives (SIRS: respiratory rate or PaCO2) the parameter is known when one of
    them is, and takes the most points that a known one gives.
    """

    name: str
    alternatives: tuple[Alternative, ...]
    switch: Switch = "none"

    @property
    def highest(self) -> int:
        """The most points the parameter can give."""
        return max(bands.highest for option in self.alternatives for bands in option.bands)


@dataclass(frozen=True, slots=True)
class Population:
    """Whom a score is for: outside it the score is not applicable, never a number."""

    lowest_age: int
    excludes_pregnancy: bool = False


# Each is equal to itself alone: what is kept for a score is found without hashing its tables.
@dataclass(frozen=True, slots=True, eq=False)
class PointScore:
    """A sum of banded points."""

    name: str
    variant: str
    parameters: tuple[Parameter, ...]
    population: Population
    source: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of all inputs, each once."""
        names = (option.input for item in self.parameters for option in item.alternatives)
        return tuple(dict.fromkeys(names))

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Inputs, and the prescriptions that choose among their bands."""
        switches = (item.switch for item in self.parameters if item.switch != "none")
        return (*self.inputs, *switches)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition under which a ratio means something; `reason` says what failed."""

    input: str
    holds: Callable[[Any], Any]
    reason: str


@dataclass(frozen=True, slots=True)
class RatioScore:
    """A ratio of inputs, written so that one formula serves numbers and NumPy columns alike."""

    name: str
    variant: str
    inputs: tuple[str, ...]
    formula: Callable[..., Any]
    requires: tuple[Requirement, ...]
    # `paired` inputs whose clinical times lie further apart than this do not belong to one ratio.
    paired: tuple[str, ...]
    pairing_minutes: int
    population: Population
    source: str

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The inputs: a ratio has no switches."""
        return self.inputs


@dataclass(frozen=True, slots=True)
class WindowParameter:
    """One line of a score over a stretch of time: its inputs, and how many hours each matters.

    `answered_by` are the inputs that answer it, where others only help; empty: all of them.
    """

    name: str
    highest: int
    hours: Mapping[str, float]
    answered_by: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """The inputs of which one that is too old makes the parameter stale."""
        return self.answered_by or tuple(self.hours)


@dataclass(frozen=True, slots=True)
class WindowScore:
    """Points that rest on every value of a stretch of time, not on the newest alone.

    The law of a name stands in clinical/scoring; `choices` is what it lets a variant decide.
    """

    name: str
    variant: str
    parameters: tuple[WindowParameter, ...]
    choices: Hashable
    population: Population
    source: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Concepts of all parameters, each once."""
        return tuple(self.hours)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The inputs: what else decides stands in `choices`."""
        return self.inputs

    @property
    def hours(self) -> Mapping[str, float]:
        """For each concept how many hours back its values can matter."""
        longest: dict[str, float] = {}
        for item in self.parameters:
            for name, hours in item.hours.items():
                longest[name] = max(hours, longest.get(name, 0))
        return longest


Score = PointScore | RatioScore | WindowScore


def parameter(name: str, *bands: Bands, switch: Switch = "none") -> Parameter:
    """A parameter answered by the input of its own name."""
    return Parameter(name, (Alternative(name, bands),), switch)
