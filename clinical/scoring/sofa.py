"""SOFA over columns: the worst of each organ in the window, at many moments at once.

Here: organs, and what of each makes points; infusions, GCS and urine have modules of their own. Not
here: bounds and choices (clinical/scores/sofa.py), the twin in plain Python (sofa_plain.py).
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import WindowScore
from clinical.scores.sofa import (
    BILIRUBIN_FROM,
    CREATININE_FROM,
    GCS_BELOW,
    INVASIVE,
    MEAN_BP_BELOW,
    MOST_WITHOUT_SUPPORT,
    PAO2_FIO2_BELOW,
    PLATELETS_BELOW,
    VENTILATED_BY,
    VENTILATION_ENDS_BY,
    SofaChoices,
)
from clinical.scoring.bounds import below, reached
from clinical.scoring.columns import Assessed, Component
from clinical.scoring.inputs import PAO2_FIO2
from clinical.scoring.pairing import paired
from clinical.scoring.panel import Panel, Readings
from clinical.scoring.sofa_gcs import named, totals
from clinical.scoring.sofa_infusions import infusions
from clinical.scoring.sofa_urine import urine
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import hours
from clinical.scoring.window_columns import Candidates, as_points, worst_of_each
from clinical.scoring.windows import Spans, joined, told
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Part = tuple[Component, Ints]
Organ = tuple[Candidates, Floats]


def sofa(score: WindowScore, timeline: Timeline, panel: Panel) -> Assessed:
    """SOFA at every point of a timeline."""
    return as_points(score, _parts(score, timeline), panel)


def points(score: WindowScore, timeline: Timeline) -> Floats:
    """The points of SOFA alone, also outside its population; NaN where nothing is known."""
    parts = _parts(score, timeline)
    known = np.logical_or.reduce([part.known for part, _ in parts])
    total: Floats = np.where(known, np.add.reduce([given for _, given in parts]), np.nan)
    return total


def _parts(score: WindowScore, timeline: Timeline) -> list[Part]:
    choices = score.choices
    if not isinstance(choices, SofaChoices):
        msg = f"SOFA needs SofaChoices, got {type(choices).__name__}"
        raise TypeError(msg)
    organs = timeline.once((score.name, score.variant), lambda: _organs(timeline, choices))
    parts = worst_of_each(timeline, organs)
    parts["cns"] = named(parts["cns"])
    parts["renal"] = _renal(parts["renal"], urine(timeline, choices))
    return list(parts.values())


def _organs(timeline: Timeline, choices: SofaChoices) -> Mapping[str, Organ]:
    """What may decide each organ: the same at whichever points."""
    window = hours(choices.window_hours)
    return {
        "respiration": _respiration(timeline, choices),
        "coagulation": _falling(told(timeline, "platelets", window), PLATELETS_BELOW),
        "liver": _rising(told(timeline, "bilirubin_total", window), BILIRUBIN_FROM),
        "cardiovascular": _circulation(timeline, choices),
        "cns": _falling(totals(timeline, choices), GCS_BELOW),
        "renal": _rising(told(timeline, "creatinine", window), CREATININE_FROM),
    }


def _falling(spans: Spans, bounds: tuple[float, ...]) -> Organ:
    return Candidates(spans, below(bounds, spans.value)), -spans.value


def _rising(spans: Spans, bounds: tuple[float, ...]) -> Organ:
    return Candidates(spans, reached(bounds, spans.value)), spans.value


def _respiration(timeline: Timeline, choices: SofaChoices) -> Organ:
    history = timeline.history
    gas = told(timeline, "pao2", hours(choices.window_hours))
    oxygen = told(timeline, "fio2", 0)
    gas, at = paired(history, gas, oxygen, hours(choices.fio2_hours))
    gas, at = gas.take(at != NONE), at[at != NONE]
    ratio = gas.value / (oxygen.value[at] / 100)
    support = support_told(timeline, choices)
    gas, by = paired(history, replace(gas, value=ratio), support, hours(choices.support_hours))
    supported = by != NONE
    supported[supported] = support.value[by[supported]] > 0
    points = below(PAO2_FIO2_BELOW, gas.value)
    points = np.where(supported, points, np.minimum(points, MOST_WITHOUT_SUPPORT))
    if not choices.scores_mild_on_support:
        points[supported & (points <= MOST_WITHOUT_SUPPORT)] = 0
    return Candidates(gas, points, PAO2_FIO2), -gas.value


def support_told(timeline: Timeline, choices: SofaChoices) -> Spans:
    """What was said of a patient's breathing: 1 where it is respiratory support, else 0."""
    devices = told(timeline, "oxygen_device", 0)
    counts = np.isin(devices.value, sorted(choices.support)).astype(np.float64)
    said = [replace(devices, value=counts)]
    for names, device in ((VENTILATED_BY, INVASIVE), (VENTILATION_ENDS_BY, frozenset())):
        value = float(bool(device & choices.support))
        for name in names:
            spans = told(timeline, name, 0)
            said.append(replace(spans, value=np.full(len(spans), value)))
    return joined(said)


def _circulation(timeline: Timeline, choices: SofaChoices) -> Organ:
    pressure = told(timeline, "mean_bp", hours(choices.window_hours))
    low = (pressure.value < MEAN_BP_BELOW).astype(np.int64)
    running, given = infusions(timeline, choices)
    spans, points = pressure, low
    if len(running):
        spans, points = joined_with((pressure, low), (running, given))
    # Among equals the lower pressure; infusions, of which each gives more, are equal.
    return Candidates(spans, points), np.where(points > 1, 0.0, -spans.value)


def joined_with(first: tuple[Spans, Ints], second: tuple[Spans, Ints]) -> tuple[Spans, Ints]:
    """Spans of two kinds with their points, by clinical time."""
    size = len(first[0])
    whole = Spans(
        *(
            np.concatenate([getattr(first[0], name), getattr(second[0], name)])
            for name in Spans.__slots__
        )
    )
    points = np.concatenate([first[1], second[1]])
    order = np.lexsort((np.arange(len(whole)) >= size, whole.row, whole.begins))
    return whole.take(order), points[order]


def _renal(filtered: Part, passed: Part) -> Part:
    """Creatinine, or urine where it gives more points."""
    (blood, least), (water, points) = filtered, passed
    takes = water.known & (~blood.known | (points > least))
    if not takes.any():
        return filtered
    reading = Readings(
        *(
            np.where(takes, getattr(water.reading, name), getattr(blood.reading, name))
            for name in Readings.__slots__
        )
    )
    total = np.where(takes, points, least)
    return Component("renal", blood.known | water.known, total, reading), total
