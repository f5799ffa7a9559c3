"""Panels for score tests: one set of values, all charted now."""

from clinical.concepts import CONCEPTS, round_value
from clinical.scores.definition import Score
from clinical.scoring.assessment import Assessment
from clinical.scoring.inputs import Panel, Reading, derive
from clinical.scoring.plain_laws import assess

NOW = 1_767_571_200_000_000
SOURCE = ("feed", 0, 0, 0)


def scored(score: Score, **values: float) -> Assessment:
    """Assess one set of values, given by concept (or derived input) name."""
    current = {
        name: Reading(name, _rounded(name, value), NOW, SOURCE) for name, value in values.items()
    }
    derived = derive(Panel(current, frozenset()), NOW).current
    return assess(score, Panel({**derived, **current}, frozenset()), NOW)


def _rounded(name: str, value: float) -> float:
    return round_value(value, CONCEPTS[name].precision) if name in CONCEPTS else float(value)


def points(assessment: Assessment, parameter: str) -> int | None:
    """Points of one parameter; None when it is missing."""
    found = {part.parameter: part.points for part in assessment.components}
    return found.get(parameter)
