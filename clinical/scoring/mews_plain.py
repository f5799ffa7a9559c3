"""MEWS with a day's urine in plain Python.

Here: the twin of mews.py.
"""

from dataclasses import replace
from typing import cast

from clinical.concepts import CONCEPTS, round_value
from clinical.scores.bands import Bands
from clinical.scores.definition import WindowScore
from clinical.scores.sofa import VINCENT
from clinical.scoring.assessment import Assessment, Component
from clinical.scoring.inputs import Panel, Reading
from clinical.scoring.sofa_plain_flows import urine
from clinical.scoring.window_assessment import Past, as_points


def mews(score: WindowScore, past: Past, panel: Panel, now: int) -> Assessment:
    """The sum of banded points at a moment."""
    parts = {}
    for name, bands in cast("tuple[tuple[str, Bands], ...]", score.choices):
        reading = _urine(past, now) if name == "urine_output" else panel.current.get(name)
        parts[name] = Component(name, bands.points(reading.value), reading) if reading else None
    return as_points(score, parts, panel, now)


def _urine(past: Past, now: int) -> Reading | None:
    """Urine of 24 hours where it was documented for a day, as SOFA counts it."""
    found = urine(past, VINCENT, now)
    if not found:
        return None
    _, _, reading = found[0]
    precision = CONCEPTS["urine_output"].precision
    return replace(reading, value=round_value(reading.value, precision))
