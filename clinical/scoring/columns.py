"""What the scores are at many moments at once: the columnar twin of assessment.py.

Here: totals, bounds, states and components as arrays. Not here: which values count (panel.py), or
the stored form (rows.py).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinical.scores.bands import Bands
from clinical.scores.definition import (
    Alternative,
    Parameter,
    PointScore,
    Population,
    RatioScore,
    Score,
)
from clinical.scoring.assessment import SINGLE_PARAMETER, SPO2_SCALE_2
from clinical.scoring.panel import Panel, Readings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STATES = ("complete", "partial", "stale", "indeterminate", "not_applicable")
COMPLETE, PARTIAL, STALE, INDETERMINATE, NOT_APPLICABLE = range(5)
_MINUTE = 60_000_000
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


def assess(score: PointScore | RatioScore, panel: Panel) -> Assessed:
    """Assess one score of current values at every moment of a panel."""
    whole = _ratio(score, panel) if isinstance(score, RatioScore) else _points(score, panel)
    return restrict(whole, score.population, panel)


def _points(score: PointScore, panel: Panel) -> Assessed:
    parts = [_parameter(item, panel) for item in score.parameters]
    components = tuple(part for part, _, _ in parts)
    known = np.array([part.known for part in components])
    points = np.array([least for _, least, _ in parts])
    lowest = points.sum(axis=0).astype(np.float64)
    highest = np.array([most for _, _, most in parts]).sum(axis=0).astype(np.float64)
    some = known.any(axis=0)
    single = (known & (points == SINGLE_PARAMETER)).any(axis=0)
    return Assessed(
        score,
        _points_state(score, known, panel),
        np.where(some, 0, 1),
        (None, "no_inputs"),
        np.where(some, lowest, np.nan),
        np.where(some, lowest, np.nan),
        np.where(some, highest, np.nan),
        single,
        components,
        *times(components, known, panel),
    )


def _points_state(score: PointScore, known: Bools, panel: Panel) -> Ints:
    stale = np.array([_any_stale(item, panel) for item in score.parameters])
    state = np.where((stale & ~known).any(axis=0), STALE, PARTIAL)
    state = np.where(known.all(axis=0), COMPLETE, state)
    return np.where(known.any(axis=0), state, INDETERMINATE)


def _any_stale(parameter: Parameter, panel: Panel) -> Bools:
    stale = [panel[option.input].stale for option in parameter.alternatives]
    return stale[0] if len(stale) == 1 else np.logical_or.reduce(stale)


def _parameter(parameter: Parameter, panel: Panel) -> tuple[Component, Ints, Ints]:
    """The deciding component with the least and the most points the parameter may have."""
    options = [_option(parameter, option, panel) for option in parameter.alternatives]
    reading, least, most = options[0] if len(options) == 1 else _deciding(options)
    known = reading.current
    least = np.where(known, least, 0)
    most = np.where(known, most, parameter.highest)
    return Component(parameter.name, known, least, reading), least, most


def _deciding(options: list[tuple[Readings, Ints, Ints]]) -> tuple[Readings, Ints, Ints]:
    """At each moment the current option that gives the most points, the first of equals."""
    ranked = np.array([np.where(reading.current, least, -1) for reading, least, _ in options])
    place = np.argmax(ranked, axis=0)
    column = np.arange(len(place))
    most = np.array([most for _, _, most in options])[place, column]
    return _choose([reading for reading, _, _ in options], place), ranked[place, column], most


def _option(parameter: Parameter, option: Alternative, panel: Panel) -> tuple[Readings, Ints, Ints]:
    reading = panel[option.input]
    if parameter.switch == "none":
        points = band(option.bands[0], reading.value)
        return reading, points, points
    scale_1, on_air, on_oxygen = (band(bands, reading.value) for bands in option.bands)
    scale, oxygen = panel["spo2_scale"], panel["oxygen"]
    is_scale_2 = scale.current & (scale.value == SPO2_SCALE_2)
    is_on_oxygen = oxygen.current & (oxygen.value > 0)
    least = np.where(is_scale_2, np.where(is_on_oxygen, on_oxygen, on_air), scale_1)
    most = np.where(is_scale_2 & ~oxygen.current, on_oxygen, least)
    return reading, least, most


def band(bands: Bands, value: Floats) -> Ints:
    """Points of a column; NaN, which is not known, lands anywhere and is masked by the caller."""
    bounds, scored = _table(bands)
    points: Ints = scored[bounds.searchsorted(value, side="left")]
    return points


@cache
def _table(bands: Bands) -> tuple[Floats, Ints]:
    """Bounds and points of a score's own table, of which there are few."""
    return np.array(bands.bounds), np.array(bands.scored, np.int64)


def _choose(readings: list[Readings], place: NDArray[np.intp]) -> Readings:
    column = np.arange(len(place))
    return Readings(
        *(
            np.array([getattr(item, name) for item in readings])[place, column]
            for name in Readings.__slots__
        )
    )


def _ratio(score: RatioScore, panel: Panel) -> Assessed:
    readings = [panel[name] for name in score.inputs]
    known = np.array([reading.current for reading in readings])
    reasons = (None, "missing_inputs", *(item.reason for item in score.requires), "not_paired")
    reason = _reason(score, panel, known)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = score.formula(*(reading.value for reading in readings))
    observed = np.where(reason == 0, value, np.nan)
    stale = np.logical_or.reduce([~item.current & item.stale for item in readings])
    state = np.where(reason == 0, COMPLETE, np.where((reason == 1) & stale, STALE, INDETERMINATE))
    components = tuple(
        Component(name, reading.current, None, reading)
        for name, reading in zip(score.inputs, readings, strict=True)
    )
    whole = times(components, known, panel)
    return Assessed(
        score, state, reason, reasons, observed, observed, observed, None, components, *whole
    )


def _reason(score: RatioScore, panel: Panel, known: Bools) -> Ints:
    """Number of the first thing that is wrong, or 0."""
    paired = np.array([panel[name].effective for name in score.paired])
    spread = paired.max(axis=0) - paired.min(axis=0)
    wrong = [
        ~known.all(axis=0),
        *(~item.holds(panel[item.input].value) for item in score.requires),
        spread > score.pairing_minutes * _MINUTE,
    ]
    return np.select(wrong, range(1, len(wrong) + 1), 0)


def times(components: tuple[Component, ...], known: Bools, panel: Panel) -> tuple[Floats, Ints]:
    """Age in minutes of the oldest input, and clinical time of the newest."""
    effective = np.array([part.reading.effective for part in components])
    oldest = np.where(known, effective, _FAR).min(axis=0)
    newest = np.where(known, effective, _NEVER).max(axis=0)
    some = known.any(axis=0)
    minutes = np.where(some, (panel.now - np.where(some, oldest, panel.now)) / _MINUTE, np.nan)
    return minutes, newest


def restrict(whole: Assessed, population: Population, panel: Panel) -> Assessed:
    """Blank the moments that lie outside the population."""
    young = panel["birth_date"].current & (panel.age_in_years < population.lowest_age)
    pregnancy = panel["pregnancy"]
    expecting = pregnancy.current & (pregnancy.value == 1) & population.excludes_pregnancy
    outside = young | expecting
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


_NUMBERS = ("observed", "lowest", "highest", "oldest_minutes")


def _without(part: Component, outside: Bools) -> Component:
    return Component(part.parameter, part.known & ~outside, part.points, part.reading)
