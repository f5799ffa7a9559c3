"""SOFA has one meaning: columns over any grid give what plain Python gives of what was known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS
from clinical.scores.definition import WindowScore
from clinical.scores.sofa import SOFA, SOFA_MIMIC_CODE
from clinical.scoring import reference
from clinical.scoring.columns import STATES
from clinical.scoring.grid import grid
from clinical.scoring.memory import CONCEPT_NAMES
from clinical.scoring.panel import concept_name
from clinical.scoring.plain_laws import assess

MINUTE = 60_000_000
HOUR = 60 * MINUTE
START = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z

# Values on both sides of bands; organs apart, so that few facts meet often.
VALUES: Mapping[str, Mapping[str, list[float]]] = {
    "respiration": {
        "pao2": [50, 79.9, 80, 160],
        "fio2": [21, 40, 80],
        "oxygen_device": [0, 9, 10, 12],
        "ventilator_setting": [1],
        "extubation": [1],
        "peep": [5],
    },
    "circulation": {
        "mean_bp": [69, 69.9, 70],
        "norepinephrine_rate": [0, 0.1, 0.101],
        "dopamine_rate": [0, 5, 5.05, 15.1],
        "norepinephrine_flow": [0, 8, 9],
        "weight": [80, 90],
    },
    "consciousness": {
        "gcs_total": [3, 14, 15],
        "gcs_eye": [1, 4],
        "gcs_verbal": [1, 5],
        "gcs_motor": [1, 6],
        "gcs_verbal_untestable": [0, 1],
    },
    "kidneys": {
        "creatinine": [1.19, 1.2, 3.45, 5],
        "urine_output": [0, 20, 199.5, 480],
        "irrigant_in": [30],
        "platelets": [149, 150],
        "bilirubin_total": [1.95, 12],
    },
}


@dataclass(frozen=True, slots=True)
class Told:
    """One signal of one patient; `ago` in minutes before it was received."""

    pick: int
    after: int
    ago: int
    identity: int
    void: bool


signals = st.lists(
    st.builds(
        Told,
        pick=st.integers(0, 200),
        after=st.sampled_from([0, 0, 5, 30, 61, 300]),
        ago=st.sampled_from([0, 0, 0, 1, 29, 30, 59, 60, 240, 241, 700, 1439, 1440, 1500, 2880]),
        identity=st.integers(0, 2),
        void=st.sampled_from([False, False, False, False, True]),
    ),
    min_size=1,
    max_size=25,
)
looks = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 80)), min_size=1, max_size=6)


def _rows(told: list[Told], values: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    names, now, rows = sorted(values), START, []
    for place, one in enumerate(told):
        now += one.after * MINUTE
        concept = names[one.pick % len(names)]
        at = now - one.ago * MINUTE
        # Some facts keep their identity at another time, as orders do.
        timed = "" if one.identity == 2 and CONCEPTS[concept].kind == "event" else at
        rows.append(
            {
                "patient_id": "p",
                "concept": concept,
                "effective_at": at,
                "value": float(values[concept][one.pick // 10 % len(values[concept])]),
                "void": one.void,
                "signal_id": f"{concept}:{one.identity}:{timed}",
                "received_at": now,
                "place": place,
            }
        )
    return rows


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    stamp, size = pa.timestamp("us", tz="UTC"), len(rows)
    columns = {name: pa.array([row[name] for row in rows]) for name in rows[0] if name != "place"}
    for name in ("effective_at", "received_at"):
        columns[name] = columns[name].cast(stamp)
    columns |= {"feed": pa.array(["f"] * size), "partition": pa.array([0] * size, pa.int32())}
    columns |= {"offset": pa.array(range(size)), "row": pa.array([0] * size, pa.int32())}
    return pa.table(columns)


def _by_reference(rows: list[dict[str, Any]], score: WindowScore, now: int) -> Any:
    """What plain Python makes of the rows received by then."""
    state = reference.PatientState()
    for row in rows:
        if row["received_at"] <= now:
            source = ("f", 0, row["place"], 0)
            one = reference.Signal(
                row["concept"],
                row["effective_at"],
                row["value"],
                row["signal_id"],
                source,
                row["place"],
                row["void"],
            )
            state, _ = reference.step(state, [one], row["received_at"])
    past = reference.past(state)
    panel = reference.Panel({}, frozenset())
    found = assess(score, panel, now, past)
    parts = tuple(
        (c.parameter, c.points, c.reading.concept, c.reading.value, c.reading.source[2])
        for c in found.components
    )
    return found.reason, found.observed, found.lowest, found.highest, found.missing, parts


def _by_columns(table: pa.Table, score: WindowScore, at: list[int]) -> list[Any]:
    stamp = pa.timestamp("us", tz="UTC")
    points = pa.table({"patient_id": ["p"] * len(at), "at": pa.array(at).cast(stamp)})
    one = grid(table, points, "as known then")
    found = one.assess(score)
    rows = []
    for place in range(len(at)):
        parts = tuple(
            (
                part.parameter,
                int(part.points[place]) if part.points is not None else None,
                concept_name(int(part.reading.concept[place]), CONCEPT_NAMES),
                float(part.reading.value[place]),
                int(one.stack["offset"][part.reading.row[place]]),
            )
            for part in found.components
            if part.known[place]
        )
        missing = tuple(part.parameter for part in found.components if not part.known[place])
        numbers = (found.observed[place], found.lowest[place], found.highest[place])
        told = (None if np.isnan(value) else float(value) for value in numbers)
        assert STATES[found.state[place]] != "not_applicable"
        rows.append((found.reasons[found.reason[place]], *told, missing, parts))
    return rows


@pytest.mark.parametrize("organ", list(VALUES))
@pytest.mark.parametrize("score", [SOFA, SOFA_MIMIC_CODE], ids=lambda score: score.variant)
@settings(max_examples=60, deadline=None)
@given(told=signals, looked=looks)
def test_columns_give_what_plain_python_gives_at_any_time(
    organ: str, score: WindowScore, told: list[Told], looked: list[tuple[int, int]]
) -> None:
    rows = _rows(told, VALUES[organ])
    at = [
        rows[min(place, len(rows) - 1)]["received_at"] + later * 30 * MINUTE
        for place, later in looked
    ]
    assert _by_columns(_table(rows), score, at) == [_by_reference(rows, score, one) for one in at]
