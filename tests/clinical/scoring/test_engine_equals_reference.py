"""The law has one meaning: the columnar engine gives the rows of the plain-Python reference."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.scoring import reference
from clinical.scoring.columns import STATES
from clinical.scoring.engine import Engine
from clinical.scoring.memory import CONCEPT_NAMES
from clinical.scoring.panel import concept_name

MINUTE = 60_000_000
START = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z

# Values on both sides of bands, per concept; few of each, so that ties and repeats are common.
VALUES: Mapping[str, list[float]] = {
    "respiratory_rate": [8, 8.5, 21, 25],
    "spo2": [83, 92, 93, 96.5, 98],
    "systolic_bp": [90, 100.5, 111, 220],
    "heart_rate": [40, 91, 131],
    "temperature": [35.04, 35.05, 38.05, 39.1],
    "consciousness": [0, 1, 3],
    "oxygen_device": [0, 1, 9],
    "oxygen_flow": [0, 4],
    "fio2": [21, 40, 100],
    "gcs_total": [3, 14, 15],
    "gcs_eye": [1, 4],
    "gcs_verbal": [1, 5],
    "gcs_motor": [1, 6],
    "wbc": [3.9, 12.04, 12.05],
    "paco2": [31.9, 32],
    "spo2_scale": [1, 2],
    "pregnancy": [0, 1],
    "birth_date": [0, 14_000, 19_000],
    "culture": [1],
    "mean_bp": [69.9, 70],
    "platelets": [49, 150],
    "pao2": [60, 160],
    "norepinephrine_rate": [0, 0.1, 0.101],
    "gcs_verbal_untestable": [1],
    "ventilator_setting": [1],
    "urine_output": [10, 400],
}

# Facts whose identity may come again at another time.
RETIMED = {"culture", "norepinephrine_rate"}

signal = st.builds(
    dict,
    concept=st.sampled_from(sorted(VALUES)),
    pick=st.integers(0, 9),
    # Late by up to 40 hours, so that look-backs and the stale window are crossed.
    late=st.sampled_from([0, 0, 0, 1, 20, 45, 300, 719, 720, 721, 1441, 2400]),
    identity=st.integers(0, 3),
    void=st.sampled_from([False, False, False, True]),
    # Written so long before it came that another version of it may be known already.
    kept_back=st.sampled_from([0, 0, 0, 2, 31, 900]),
)
message = st.builds(
    dict,
    # Now and then a message first retires an identifier into another.
    merge=st.sampled_from([None, None, None, None, ("p1", "p2"), ("p2", "p3"), ("p3", "p1")]),
    patient=st.sampled_from(["p1", "p2", "p3"]),
    after=st.sampled_from([0, 1, 30, 200, 800]),
    signals=st.lists(signal, min_size=1, max_size=6),
)


def _rows(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows, now = [], START
    for offset, one in enumerate(messages):
        now += (one["after"] - 15) * MINUTE  # a feed's clock may step back
        for row, item in enumerate(one["signals"]):
            effective = now - item["late"] * MINUTE
            timed = "" if item["concept"] in RETIMED else effective
            rows.append(
                {
                    "feed": "f",
                    "partition": 0,
                    "offset": offset,
                    "row": row,
                    "received_at": now,
                    "patient_id": one["patient"],
                    "encounter_id": "e",
                    "concept": item["concept"],
                    "effective_at": effective,
                    "value": VALUES[item["concept"]][item["pick"] % len(VALUES[item["concept"]])],
                    "void": item["void"],
                    "signal_id": f"{item['concept']}:{item['identity']}:{timed}",
                    "written": now - item["kept_back"] * MINUTE,
                    "merge": one["merge"],
                }
            )
    return rows


def _signals(rows: list[dict[str, Any]]) -> pa.Table:
    stamp = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "feed": pa.array([r["feed"] for r in rows], pa.string()),
            "partition": pa.array([r["partition"] for r in rows], pa.int32()),
            "offset": pa.array([r["offset"] for r in rows], pa.int64()),
            "row": pa.array([r["row"] for r in rows], pa.int32()),
            "received_at": pa.array([r["received_at"] for r in rows], pa.int64()).cast(stamp),
            "patient_id": pa.array([r["patient_id"] for r in rows], pa.string()),
            "encounter_id": pa.array([r["encounter_id"] for r in rows], pa.string()),
            "concept": pa.array([r["concept"] for r in rows], pa.string()),
            "effective_at": pa.array([r["effective_at"] for r in rows], pa.int64()).cast(stamp),
            "value": pa.array([r["value"] for r in rows], pa.float64()),
            "void": pa.array([r["void"] for r in rows], pa.bool_()),
            "signal_id": pa.array([r["signal_id"] for r in rows], pa.string()),
            "written": pa.array([r.get("written", 0) for r in rows], pa.int64()),
        }
    )


def by_reference(rows: list[dict[str, Any]]) -> list[Any]:
    states: dict[str, reference.PatientState] = {}
    survivors: dict[str, str] = {}
    found, arrival = [], 0
    for offset in dict.fromkeys(row["offset"] for row in rows):
        mine = [row for row in rows if row["offset"] == offset]
        if mine[0]["merge"]:
            _merge(states, survivors, *mine[0]["merge"])
        signals = [
            reference.Signal(
                r["concept"],
                r["effective_at"],
                float(r["value"]),
                r["signal_id"],
                (r["feed"], r["partition"], r["offset"], r["row"]),
                arrival + r["row"],
                r["void"],
                r.get("written", 0),
            )
            for r in mine
        ]
        arrival += len(mine)
        patient = _survivor(survivors, mine[0]["patient_id"])
        state = states.get(patient, reference.PatientState())
        states[patient], scored = reference.step(state, signals, mine[0]["received_at"])
        found += [_of_reference(offset, patient, row) for row in scored]
    return sorted(found, key=repr)


def _survivor(survivors: dict[str, str], patient: str) -> str:
    while patient in survivors:
        patient = survivors[patient]
    return patient


def _merge(
    states: dict[str, reference.PatientState], survivors: dict[str, str], retired: str, into: str
) -> None:
    old, new = _survivor(survivors, retired), _survivor(survivors, into)
    if old != new:
        survivors[old] = new
        nobody = reference.PatientState()
        states[new] = reference.merge(states.get(new, nobody), states.pop(old, nobody))


def _of_reference(offset: int, patient: str, row: reference.ScoreRow) -> Any:
    a = row.assessment
    parts = tuple(
        (
            c.parameter,
            c.points,
            c.reading.concept,
            c.reading.value,
            c.reading.effective_at,
            c.reading.source,
        )
        for c in a.components
    )
    return (
        offset, patient, row.score.name, row.score.variant, a.state, a.reason, a.observed, a.lowest,
        a.highest, a.missing, a.has_single_3, parts, a.oldest_input_minutes, a.effective_at,
    )  # fmt: skip


def by_engine(rows: list[dict[str, Any]], cuts: list[int]) -> list[Any]:
    engine, found = Engine(), []
    merges = {row["offset"]: row["merge"] for row in rows if row["merge"]}
    last = rows[-1]["offset"]
    edges = sorted({0, *(c for c in (*cuts, *merges) if c <= last), last + 1})
    for low, high in pairwise(edges):
        batch = [row for row in rows if low <= row["offset"] < high]
        if low in merges:
            engine.merge(*merges[low])
        if not batch:
            continue
        moments = engine.step(_signals(batch))
        for scored in engine.scores(moments):
            found += [_of_engine(batch, moments, scored, at) for at in scored.at.tolist()]
    return sorted(found, key=repr)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _of_engine(batch: list[dict[str, Any]], moments: Any, scored: Any, at: int) -> Any:
    a = scored.assessed
    parts = tuple(_component(moments, part, at) for part in a.components if part.known[at])
    missing = tuple(p.parameter for p in a.components if not p.known[at]) if a.applies[at] else ()
    single = None if a.has_single_3 is None or not parts else bool(a.has_single_3[at])
    return (
        batch[moments.first[at]]["offset"], moments.patient[at].as_py(), a.score.name,
        a.score.variant, STATES[a.state[at]], a.reasons[a.reason[at]], _number(a.observed[at]),
        _number(a.lowest[at]), _number(a.highest[at]), missing, single, parts,
        _number(a.oldest_minutes[at]), int(a.effective[at]) if parts else None,
    )  # fmt: skip


def _component(moments: Any, part: Any, at: int) -> Any:
    reading = part.reading
    source = moments.stack[reading.row[at]]
    return (
        part.parameter,
        None if part.points is None else int(part.points[at]),
        concept_name(int(reading.concept[at]), CONCEPT_NAMES),
        float(reading.value[at]),
        int(reading.effective[at]),
        (*moments.origins[source["origin"]], int(source["offset"]), int(source["row"])),
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(message, min_size=1, max_size=25), st.lists(st.integers(1, 24), max_size=4))
def test_engine_gives_the_rows_of_the_reference_however_the_feed_is_cut(
    messages: list[dict[str, Any]], cuts: list[int]
) -> None:
    rows = _rows(messages)
    assert by_engine(rows, cuts) == by_reference(rows)
