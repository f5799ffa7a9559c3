"""Variants that the stream does not score: over a grid the columns say what plain Python says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS, round_value
from clinical.scores import COMPARED
from clinical.scores.definition import Score
from clinical.scoring import reference
from clinical.scoring.columns import STATES
from clinical.scoring.grid import Grid, grid
from clinical.scoring.inputs import Panel, Reading, derive
from clinical.scoring.plain_laws import assess
from clinical.scoring.validity import LOOKBACK
from clinical.scoring.window_assessment import Past
from tests.clinical.scoring.test_engine_equals_reference import START, _signals

MINUTE = 60_000_000
VALUES: Mapping[str, list[float]] = {
    "creatinine": [0.8, 1.2, 2.4, 4.0],
    "urine_output": [0, 20, 100, 700],
    "weight": [70],
    "icu_admission": [1],
    "heart_rate": [40, 41, 130],
    "systolic_bp": [70, 71, 200],
    "respiratory_rate": [8, 9, 30],
    "temperature": [34.9, 35, 38.5],
    "consciousness": [0, 1, 2, 4],
    "platelets": [19, 99, 200],
    "mean_bp": [60, 80],
}
LATE = [0, 30, 60, 90, 300, 361, 720, 1300, 1439, 1440, 1500, 2880, 2881, 9000]
fact = st.tuples(
    st.sampled_from(["urine_output"] * 6 + ["creatinine"] * 3 + sorted(VALUES)),
    st.integers(0, 3),
    st.sampled_from(LATE),
)


def _rows(facts: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    return [
        {
            "feed": "f", "partition": 0, "offset": offset, "row": 0, "received_at": START,
            "patient_id": f"p{offset % 2}", "encounter_id": "e", "concept": name,
            "effective_at": START - late * MINUTE, "void": False,
            "value": float(VALUES[name][pick % len(VALUES[name])]),
            "signal_id": f"{name}:{late if CONCEPTS[name].kind != 'event' else ''}",
        }
        for offset, (name, pick, late) in enumerate(facts)
    ]  # fmt: skip


def _past(rows: list[dict[str, Any]], patient: str, at: int) -> Past:
    """What was ever told of one patient's time up to a point."""
    state = reference.PatientState()
    for arrival, row in enumerate(rows):
        if row["patient_id"] == patient:
            signal = reference.Signal(
                row["concept"], row["effective_at"], row["value"], row["signal_id"],
                ("f", 0, row["offset"], 0), arrival,
            )  # fmt: skip
            state, _ = reference.step(state, [signal], START)
    known = reference.past(state)
    return {
        name: [one for one in readings if one.effective_at <= at]
        for name, readings in known.items()
    }


def _panel(past: Past, at: int) -> Panel:
    current, stale = {}, set()
    for name, readings in past.items():
        if not readings:
            continue
        newest = readings[-1]
        age = at - newest.effective_at
        if age <= LOOKBACK[name]:
            value = round_value(newest.value, CONCEPTS[name].precision)
            current[name] = Reading(name, value, newest.effective_at, newest.source)
        elif age <= 2 * LOOKBACK[name]:
            stale.add(name)
    return derive(Panel(current, frozenset(stale)), at)


def _plain(score: Score, rows: list[dict[str, Any]], patient: str, at: int) -> Any:
    past = _past(rows, patient, at)
    found = assess(score, _panel(past, at), at, past)
    parts = {part.parameter: (part.points, part.reading.value) for part in found.components}
    return found.state, found.observed, found.highest, found.missing, parts


def _columns(score: Score, found: Grid, place: int) -> Any:
    whole = found.assess(score)
    parts = {
        part.parameter: (int(part.points[place]), float(part.reading.value[place]))
        for part in whole.components
        if part.known[place] and part.points is not None
    }
    missing = tuple(part.parameter for part in whole.components if not part.known[place])
    numbers = [float(one[place]) for one in (whole.observed, whole.highest)]
    observed, highest = (None if np.isnan(one) else one for one in numbers)
    return STATES[whole.state[place]], observed, highest, missing, parts


@settings(max_examples=40, deadline=None)
@given(st.lists(fact, min_size=1, max_size=40), st.sampled_from([0, 45, 1000]))
def test_a_compared_score_over_a_grid_is_that_of_plain_python(
    facts: list[tuple[str, int, int]], before: int
) -> None:
    rows, at = _rows(facts), START - before * MINUTE
    stamp = pa.timestamp("us", tz="UTC")
    points = pa.table(
        {"patient_id": ["p0", "p1"], "at": pa.array([at, at], pa.int64()).cast(stamp)}
    )
    found = grid(_signals(rows), points, "all")
    for score in COMPARED:
        for place, patient in enumerate(("p0", "p1")):
            assert _columns(score, found, place) == _plain(score, rows, patient, at)
