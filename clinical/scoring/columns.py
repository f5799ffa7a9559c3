"""What the scores are at many moments at once: the columnar twin of assessment.py.

Here: its form as arrays, the age of its inputs, and the moments at which a patient is none of those
whom it is for. Not here: totals and states (point_columns.py, ratio_columns.py, window_columns.py),
which values count (panel.py), or the stored form (rows.py).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinical.scores.bands import Bands
from clinical.scores.definition import Population, Score
from clinical.scoring.panel import Panel, Readings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STATES = ("complete", "partial", "stale", "indeterminate", "not_applicable")
COMPLETE, PARTIAL, STALE, INDETERMINATE, NOT_APPLICABLE = range(5)
MINUTE = 60_000_000
_NEVER = np.iinfo(np.int64).min // 2
_FAR = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Component:
    """One parameter at many moments: whether known, its points, and the reading it rests on."""

    parameter: str
    known: Bools
    points: Ints | None
    reading: Readings


@dataclass(frozen=True, slots=True)
class Assessed:
    """One score at many moments. `reason` numbers into `reasons`, of which the first is None."""

    score: Score
    state: Ints
    reason: Ints
    reasons: tuple[str | None, ...]
    observed: Floats
    lowest: Floats
    highest: Floats
    has_single_3: Bools | None
    components: tuple[Component, ...]
    oldest_minutes: Floats
    effective: Ints

    @property
    def applies(self) -> Bools:
        """Moments within the score's population."""
        applies: Bools = self.state != NOT_APPLICABLE
        return applies

    @property
    def lacks_an_input(self) -> Bools:
        """Moments without a number for want of an input (any, or a ratio's every one)."""
        want = "missing_inputs" if "missing_inputs" in self.reasons else "no_inputs"
        lacks: Bools = self.reason == self.reasons.index(want)
        return lacks


def band(bands: Bands, value: Floats) -> Ints:
    """Points of a column; NaN, which is not known, lands anywhere and is masked by the caller."""
    bounds, scored = _table(bands)
    points: Ints = scored[bounds.searchsorted(value, side="left")]
    return points


@cache
def _table(bands: Bands) -> tuple[Floats, Ints]:
    """Bounds and points of a score's own table, of which there are few."""
    return np.array(bands.bounds), np.array(bands.scored, np.int64)


def times(components: tuple[Component, ...], known: Bools, panel: Panel) -> tuple[Floats, Ints]:
    """Age in minutes of the oldest input, and clinical time of the newest."""
    effective = np.array([part.reading.effective for part in components])
    [minutes], [newest] = ages(known, effective, np.zeros(1, np.int64), panel.now)
    return minutes, newest


def ages(known: Bools, effective: Ints, opens: Ints, now: Ints) -> tuple[Floats, Ints]:
    """`times` of several scores, whose parts stand under each other and open at these lines."""
    oldest = np.minimum.reduceat(np.where(known, effective, _FAR), opens, axis=0)
    newest = np.maximum.reduceat(np.where(known, effective, _NEVER), opens, axis=0)
    some = oldest != _FAR
    return np.where(some, (now - np.where(some, oldest, now)) / MINUTE, np.nan), newest


def restrict(whole: Assessed, panel: Panel) -> Assessed:
    """Blank the moments that lie outside the population."""
    population = whole.score.population
    outside, young = panel.once(population, lambda: _outside(population, panel))
    if not outside.any():
        return whole
    reasons = (*whole.reasons, f"age_below_{population.lowest_age}", "pregnancy")
    place = np.where(young, len(reasons) - 2, len(reasons) - 1)
    blank = {name: np.where(outside, np.nan, getattr(whole, name)) for name in _NUMBERS}
    return Assessed(
        score=whole.score,
        state=np.where(outside, NOT_APPLICABLE, whole.state),
        reason=np.where(outside, place, whole.reason),
        reasons=reasons,
        has_single_3=None if whole.has_single_3 is None else whole.has_single_3 & ~outside,
        components=tuple(_without(part, outside) for part in whole.components),
        effective=np.where(outside, _NEVER, whole.effective),
        **blank,
    )


def is_outside(population: Population, panel: Panel) -> Bools:
    """The moments outside a population."""
    return _outside(population, panel)[0]


def _outside(population: Population, panel: Panel) -> tuple[Bools, Bools]:
    """The moments outside a population, and those where it is for the age."""
    young = panel["birth_date"].current & (panel.age_in_years < population.lowest_age)
    pregnancy = panel["pregnancy"]
    expecting = pregnancy.current & (pregnancy.value == 1) & population.excludes_pregnancy
    return young | expecting, young


_NUMBERS = ("observed", "lowest", "highest", "oldest_minutes")


def _without(part: Component, outside: Bools) -> Component:
    return Component(part.parameter, part.known & ~outside, part.points, part.reading)
