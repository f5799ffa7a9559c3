"""What a rule says at many moments: a band, and what it rests on.

Here: the shape every rule gives. Not here: episodes and suppression.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.columns import Assessed
from clinical.scoring.engine import Moments
from clinical.scoring.panel import Readings

Ints = NDArray[np.int64]
Severity = Literal["low", "medium", "high", "critical"]


@dataclass(frozen=True, slots=True)
class Band:
    """One rank of severity within a rule family. `title` carries no patient value."""

    rule: str
    severity: Severity
    title: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """What an alert quotes as evidence.

    Scores, inputs by the values that count now, and `readings`, by the names they go by, which are
    not those values. `earlier` are the moments by whose rows scores of another time were found,
    where they have a stack of their own.
    """

    scores: tuple[Assessed, ...] = ()
    inputs: tuple[str, ...] = ()
    readings: tuple[tuple[str, Readings], ...] = ()
    earlier: Moments | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule family at every moment.

    `band` is 0 where nothing is found, else a rank into `bands` (from 1). `quoted` gives the
    evidence; it is asked for each alert that is raised, which are rare. `stands` is the band that a
    withdrawal at each moment does not take back from an open episode; None where it takes back all.
    """

    family: str
    bands: Mapping[int, Band]
    band: Ints
    rests_on: tuple[str, ...]
    quoted: Callable[[], Quoted] = Quoted
    stands: Ints | None = None


def nothing(
    family: str, bands: Mapping[int, Band], moments: Moments, rests_on: tuple[str, ...]
) -> list[Finding]:
    """What a rule gives that found nothing: still the end of what rested on a withdrawn value."""
    return [Finding(family, bands, np.zeros(len(moments.now), np.int64), rests_on)]


# The scores of a batch by (name, variant).
Scores = Mapping[tuple[str, str], Assessed]
Rule = Callable[[Moments, Scores], list[Finding]]


@dataclass(frozen=True, slots=True)
class Family:
    """A rule family: its name, which is also its manifest's, its bands, and the rule itself."""

    name: str
    bands: Mapping[int, Band]
    find: Rule


def ranked(*conditions: NDArray[np.bool_]) -> Ints:
    """Rank of the worst condition that holds; conditions go from mild to severe."""
    rank = np.zeros(len(conditions[0]), np.int64)
    for place, condition in enumerate(conditions, 1):
        rank[condition] = place
    return rank
