"""Published cases of scores, as open data: what is given, what a source makes of it.

Here: the shape of a case and how the files are read. Not here: who is asked (adapters/), or what
counts as agreeing (verdict.py).

A line of cases/*.jsonl is one case. `given` has concepts of clinical/concepts.csv in their units:
a number was charted now, a list of [hours ago, value] is a series, and `every_hours`, `for_hours`,
`value` is a regular one that ends now. `age_years` and `pregnancy` tell whom it is about; coded
concepts stand as text. `expected` has a `total`, or only the `state` a careful implementation is
in: a score without a total must not be given as if it were whole.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Series = list[tuple[float, float]]
# SOFA gives points for less in a day.
OLIGURIA_ML = 500


@dataclass(frozen=True, slots=True)
class Expected:
    """What a source makes of a case; `missing` are the names of this project."""

    state: str
    total: float | None = None
    missing: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one variant of a score."""

    id: str
    score: str
    variant: str
    given: Mapping[str, Any]
    expected: Expected
    source: str
    note: str | None = None

    @property
    def is_gap(self) -> bool:
        """Whether it lies in a gap that a published table leaves."""
        return (self.note or "").startswith("Printed gap")


def load() -> list[Case]:
    """Every case, by file and line."""
    return [
        _case(json.loads(line))
        for path in sorted((HERE / "cases").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def _case(told: dict[str, Any]) -> Case:
    expected = told.pop("expected")
    missing = expected.pop("missing", None)
    return Case(expected=Expected(missing=tuple(missing) if missing else None, **expected), **told)


def series(given: object) -> Series:
    """Hours ago and value of each entry, the oldest first."""
    if isinstance(given, dict):
        hours = range(0, given["for_hours"], given["every_hours"])
        return [(ago, given["value"]) for ago in reversed(hours)]
    if isinstance(given, list):
        return [(ago, value) for ago, value in given]
    assert isinstance(given, (int, float))
    return [(0, given)]


def newest(given: object) -> float:
    """The newest value of what was given."""
    return series(given)[-1][1]


def in_a_day(given: object) -> float:
    """The sum of the entries of the last 24 hours."""
    return sum(value for ago, value in series(given) if ago < 24)
