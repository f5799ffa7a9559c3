"""Critical results: a laboratory value beyond the limits at which a laboratory would telephone.

The table is clinical/critical_results.csv, with units and source; a hospital replaces it by its own
laboratory's. Each analyte is a family of its own, so that a high potassium never hides a low
sodium.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np

from clinical.detection.finding import Band, Family, Finding, Quoted, Scores
from clinical.detection.manifest import CRITICAL, CRITICAL_RESULT
from clinical.scoring.engine import Moments
from clinical.scoring.memory import CONCEPT_NUMBER

BANDS = {1: Band("critical_result", "critical", "Critical result")}


@dataclass(frozen=True, slots=True)
class Limits:
    """Values below `low` or above `high` are critical; in the concept's canonical unit."""

    low: float
    high: float
    published: str


def _read(text: str) -> Mapping[str, Limits]:
    rows = csv.DictReader(text.splitlines())
    return {
        row["concept"]: Limits(
            float(row["low"] or -np.inf), float(row["high"] or np.inf), row["published"]
        )
        for row in rows
    }


LIMITS = _read(files("clinical").joinpath("critical_results.csv").read_text(encoding="utf-8"))


def find(moments: Moments, _scores: Scores) -> list[Finding]:
    """Each analyte whose current value changed and is critical."""
    changed = np.logical_or.reduce(moments.changed, axis=0)
    return [
        found
        for concept, limits in LIMITS.items()
        if changed[CONCEPT_NUMBER[concept]] and (found := _one(moments, concept, limits))
    ]


def _one(moments: Moments, concept: str, limits: Limits) -> Finding | None:
    value = moments.panel[concept].value
    beyond = moments.touched([concept]) & ((value < limits.low) | (value > limits.high))
    if not (beyond | moments.withdrawn([concept])).any():
        return None
    title = f"{BANDS[1].title}: {concept.replace('_', ' ')} ({limits.published})"
    bands = {1: replace(BANDS[1], title=title)}
    band = beyond.astype(np.int64)
    return Finding(
        f"{CRITICAL}{concept}", bands, band, (concept,), lambda: Quoted(inputs=(concept,))
    )


FAMILY = Family(CRITICAL_RESULT, BANDS, find)
