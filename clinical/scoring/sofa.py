"""SOFA over columns: the worst of each organ in the window, at many moments at once.

Here: organs, and what of each makes points; infusions, GCS and urine have modules of their own. Not
here: bounds and choices (clinical/scores/sofa.py), the twin in plain Python (sofa_plain.py).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinical.scores.definition import WindowScore
from clinical.scores.sofa import (
    BILIRUBIN_FROM,
    CREATININE_FROM,
    INVASIVE,
    MEAN_BP_BELOW,
    MOST_WITHOUT_SUPPORT,
    PAO2_FIO2_BELOW,
    PLATELETS_BELOW,
    VENTILATED_BY,
    VENTILATION_ENDS_BY,
    SofaChoices,
)
from clinical.scoring.bounds import below, exact, reached
from clinical.scoring.columns import Assessed, Component
from clinical.scoring.inputs import PAO2_FIO2
from clinical.scoring.pairing import paired
from clinical.scoring.panel import Panel, Readings
from clinical.scoring.sofa_gcs import consciousness
from clinical.scoring.sofa_infusions import infusions
from clinical.scoring.sofa_urine import urine
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import hours
from clinical.scoring.window_columns import Candidates, as_points, worst
from clinical.scoring.windows import Spans, joined, told
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Part = tuple[Component, Ints]


def sofa(score: WindowScore, timeline: Timeline, panel: Panel) -> Assessed:
    """SOFA at every point of a timeline."""
    choices = score.choices
    if not isinstance(choices, SofaChoices):
        msg = f"SOFA needs SofaChoices, got {type(choices).__name__}"
        raise TypeError(msg)
    window = hours(choices.window_hours)
    return as_points(
        score,
        (
            _respiration(timeline, choices),
            _falling(timeline, "coagulation", told(timeline, "platelets", window), PLATELETS_BELOW),
            _rising(timeline, "liver", told(timeline, "bilirubin_total", window), BILIRUBIN_FROM),
            _circulation(timeline, choices),
            consciousness(timeline, choices),
            _renal(timeline, choices),
        ),
        panel,
    )


def _falling(timeline: Timeline, name: str, spans: Spans, bounds: tuple[float, ...]) -> Part:
    values = exact(spans.value)
    found = Candidates(replace(spans, value=values), below(bounds, values))
    return worst(timeline, name, found, -values)


def _rising(timeline: Timeline, name: str, spans: Spans, bounds: tuple[float, ...]) -> Part:
    values = exact(spans.value)
    found = Candidates(replace(spans, value=values), reached(bounds, values))
    return worst(timeline, name, found, values)


def _respiration(timeline: Timeline, choices: SofaChoices) -> Part:
    history = timeline.history
    gas = told(timeline, "pao2", hours(choices.window_hours))
    oxygen = told(timeline, "fio2", 0)
    gas, at = paired(history, gas, oxygen, hours(choices.fio2_hours))
    gas, at = gas.take(at != NONE), at[at != NONE]
    ratio = exact(gas.value) / (exact(oxygen.value[at]) / 100)
    support = _support(timeline, choices)
    gas, by = paired(history, replace(gas, value=ratio), support, hours(choices.support_hours))
    supported = by != NONE
    supported[supported] = support.value[by[supported]] > 0
    points = below(PAO2_FIO2_BELOW, gas.value)
    points = np.where(supported, points, np.minimum(points, MOST_WITHOUT_SUPPORT))
    if not choices.scores_mild_on_support:
        points[supported & (points <= MOST_WITHOUT_SUPPORT)] = 0
    return worst(timeline, "respiration", Candidates(gas, points, PAO2_FIO2), -gas.value)


def _support(timeline: Timeline, choices: SofaChoices) -> Spans:
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


def _circulation(timeline: Timeline, choices: SofaChoices) -> Part:
    pressure = told(timeline, "mean_bp", hours(choices.window_hours))
    pressure = replace(pressure, value=exact(pressure.value))
    low = (pressure.value < MEAN_BP_BELOW).astype(np.int64)
    running, given = infusions(timeline, choices)
    spans, points = joined_with((pressure, low), (running, given))
    # Among equals the lower pressure, and any infusion before any pressure.
    is_running = points > 1
    badness = np.where(is_running, 0.0, -spans.value)
    return worst(timeline, "cardiovascular", Candidates(spans, points), badness)


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


def _renal(timeline: Timeline, choices: SofaChoices) -> Part:
    """Creatinine, or urine where it gives more points."""
    filtered, least = _rising(
        timeline,
        "renal",
        told(timeline, "creatinine", hours(choices.window_hours)),
        CREATININE_FROM,
    )
    passed, points = urine(timeline, choices)
    takes = passed.known & (~filtered.known | (points > least))
    reading = Readings(
        *(
            np.where(takes, getattr(passed.reading, name), getattr(filtered.reading, name))
            for name in Readings.__slots__
        )
    )
    total = np.where(takes, points, least)
    return Component("renal", filtered.known | passed.known, total, reading), total
