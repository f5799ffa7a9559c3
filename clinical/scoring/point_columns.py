"""Scores of points at many moments: all of them in one go, over columns.

Here: points of each parameter by its bands, totals, bounds and states; the columnar twin of
assessment.py. Not here: which values count (panel.py), ratios (ratio_columns.py), whom a score is
for (columns.py).

Small batches cost calls, not rows: the parameters of all scores stand under each other as the lines
of one table, and one call of NumPy serves them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import Alternative, PointScore
from clinical.scoring.assessment import SINGLE_PARAMETER, SPO2_SCALE_2
from clinical.scoring.columns import (
    COMPLETE,
    INDETERMINATE,
    PARTIAL,
    STALE,
    Assessed,
    Component,
    ages,
    restrict,
)
from clinical.scoring.panel import Panel, Readings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the parameters of some scores stand.

    A score opens at a line of the parameters, a parameter at a line of the options, an option at a
    line of the bands: of those it has one, or three where a switch chooses among them.
    """

    inputs: tuple[str, ...]
    input_of: Ints
    input_of_band: Ints
    bounds: tuple[Floats, ...]
    scored: Ints
    table: Ints
    bands: Ints
    switched: tuple[int, ...]
    options: Ints
    several: tuple[tuple[int, int, int], ...]
    highest: Ints
    parameters: Ints


@lru_cache(maxsize=64)
def _layout(scores: tuple[PointScore, ...]) -> _Layout:
    parameters = [item for score in scores for item in score.parameters]
    options = [option for item in parameters for option in item.alternatives]
    inputs = tuple(dict.fromkeys(option.input for option in options))
    many = [len(item.alternatives) for item in parameters]
    opens = _opens(many)
    switches = [item.switch != "none" for item in parameters for _ in item.alternatives]
    bounds, scored = _tables(options)
    input_of = np.array([inputs.index(option.input) for option in options])
    return _Layout(
        inputs,
        input_of,
        np.repeat(input_of, [len(option.bands) for option in options]),
        bounds,
        scored,
        # Where the table of each band begins among all points.
        np.arange(len(scored))[:, None] * scored.shape[1],
        _opens([len(option.bands) for option in options]),
        tuple(np.flatnonzero(switches).tolist()),
        opens,
        tuple(
            (place, first, first + count)
            for place, (first, count) in enumerate(zip(opens.tolist(), many, strict=True))
            if count > 1
        ),
        np.array([[item.highest] for item in parameters]),
        _opens([len(score.parameters) for score in scores]),
    )


def _opens(lengths: Sequence[int]) -> Ints:
    """Where each of several runs of lines begins."""
    return np.array([0, *accumulate(lengths)][:-1], np.int64)


def _tables(options: Sequence[Alternative]) -> tuple[tuple[Floats, ...], Ints]:
    """Bounds as columns, the first of every band, then the second..., and the points below each."""
    every = [bands for option in options for bands in option.bands]
    size = max(len(bands.bounds) for bands in every)
    bounds = [[*bands.bounds, *[np.inf] * (size - len(bands.bounds))] for bands in every]
    scored = [[*bands.scored, *[0] * (size + 1 - len(bands.scored))] for bands in every]
    columns = tuple(np.array(column)[:, None] for column in zip(*bounds, strict=True))
    return columns, np.array(scored, np.int64)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The parameters of several scores: what each is known to be, its points and the most."""

    known: Bools
    stale: Bools
    points: Ints
    most: Ints
    reading: Readings


def assess_points(scores: Sequence[PointScore], panel: Panel) -> list[Assessed]:
    """Assess several scores of points at every moment of a panel."""
    if not scores:
        return []
    layout = _layout(tuple(scores))
    lines = _lines(layout, panel)
    totals = _totals(layout, lines, panel)
    found = [
        _one(score, totals, place, _components(score, lines, first))
        for place, (score, first) in enumerate(zip(scores, layout.parameters.tolist(), strict=True))
    ]
    return [restrict(one, panel) for one in found]


def _one(
    score: PointScore, totals: "_Totals", place: int, components: tuple[Component, ...]
) -> Assessed:
    lowest = totals.lowest[place]
    return Assessed(
        score,
        totals.state[place],
        totals.reason[place],
        (None, "no_inputs"),
        lowest,
        lowest,
        totals.highest[place],
        totals.single[place],
        components,
        totals.minutes[place],
        totals.newest[place],
    )


def _components(score: PointScore, lines: "_Lines", first: int) -> tuple[Component, ...]:
    return tuple(
        Component(item.name, lines.known[line], lines.points[line], lines.reading.line(line))
        for line, item in enumerate(score.parameters, first)
    )


def _lines(layout: _Layout, panel: Panel) -> _Lines:
    told = _stacked([panel[name] for name in layout.inputs])
    least, most = _banded(layout, panel, told.value)
    ranked = np.where(told.current[layout.input_of], least, -1)
    # Copies, each of a parameter's first option.
    first = layout.input_of[layout.options]
    reading = Readings(*(getattr(told, name)[first] for name in Readings.__slots__))
    points, highest = ranked[layout.options], most[layout.options]
    column = np.arange(ranked.shape[1])
    for place, low, high in layout.several:
        # The current option that gives the most points, the first of equals.
        option = low + np.argmax(ranked[low:high], axis=0)
        for name in Readings.__slots__:
            chosen = getattr(told, name)[layout.input_of[option], column]
            getattr(reading, name)[place] = chosen
        points[place], highest[place] = ranked[option, column], most[option, column]
    return _Lines(
        reading.current,
        np.logical_or.reduceat(told.stale[layout.input_of], layout.options, axis=0),
        np.where(reading.current, points, 0),
        np.where(reading.current, highest, layout.highest),
        reading,
    )


def _stacked(readings: Sequence[Readings]) -> Readings:
    """Readings under each other."""
    return Readings(
        *(np.array([getattr(one, name) for one in readings]) for name in Readings.__slots__)
    )


def _banded(layout: _Layout, panel: Panel, value: Floats) -> tuple[Ints, Ints]:
    """The least and the most points of every option; those not known are masked by the caller."""
    values = value[layout.input_of_band]
    place = np.zeros(values.shape, np.int8)
    for bounds in layout.bounds:
        place += values > bounds
    points = layout.scored.take(place + layout.table)
    least, most = points[layout.bands], points[layout.bands]
    for option in layout.switched:
        first = layout.bands[option]
        least[option], most[option] = _by_scale(points[first : first + 3], panel)
    return least, most


def _by_scale(points: Ints, panel: Panel) -> tuple[Ints, Ints]:
    """Points of SpO2 by the scale that is prescribed, and on oxygen or not."""
    scale_1, on_air, on_oxygen = points
    scale, oxygen = panel["spo2_scale"], panel["oxygen"]
    is_scale_2 = scale.current & (scale.value == SPO2_SCALE_2)
    is_on_oxygen = oxygen.current & (oxygen.value > 0)
    least = np.where(is_scale_2, np.where(is_on_oxygen, on_oxygen, on_air), scale_1)
    return least, np.where(is_scale_2 & ~oxygen.current, on_oxygen, least)


@dataclass(frozen=True, slots=True)
class _Totals:
    """What the parameters of each score come to, a line for each score."""

    state: Ints
    reason: Ints
    lowest: Floats
    highest: Floats
    single: Bools
    minutes: Floats
    newest: Ints


def _totals(layout: _Layout, lines: _Lines, panel: Panel) -> _Totals:
    known, scores = lines.known, layout.parameters
    some = np.logical_or.reduceat(known, scores, axis=0)
    gone_stale = np.logical_or.reduceat(lines.stale & ~known, scores, axis=0)
    whole = np.logical_and.reduceat(known, scores, axis=0)
    state = np.where(whole, COMPLETE, np.where(gone_stale, STALE, PARTIAL))
    return _Totals(
        np.where(some, state, INDETERMINATE),
        np.where(some, 0, 1),
        np.where(some, np.add.reduceat(lines.points, scores, axis=0), np.nan),
        np.where(some, np.add.reduceat(lines.most, scores, axis=0), np.nan),
        np.logical_or.reduceat(known & (lines.points == SINGLE_PARAMETER), scores, axis=0),
        *ages(known, lines.reading.effective, scores, panel.now),
    )
