"""When a context holds has one meaning: the columns give what plain Python gives."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS
from clinical.context.columns import validity
from clinical.context.contexts import CONTEXTS
from clinical.context.reference import Holding, holding
from clinical.normalise.signals import SIGNALS
from clinical.scoring import reference
from clinical.scoring.engine import Engine

MINUTE = 60_000_000
HOUR = 60
DAY = 24 * HOUR
START = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z

# Few values of each concept, so that runs, ends, ties and repeats are common.
VALUES: Mapping[str, list[float]] = {
    "code_status": [0, 1, 2, 3, 4],
    "oxygen_device": [0, 1, 9, 10, 12],
    "ventilator_setting": [1],
    "extubation": [1],
    "fio2": [21.4, 21.5, 60],
    "oxygen_flow": [0, 2],
    "rass": [-3, -2.5, -2],
    "sedative": [1],
    "sedative_end": [1],
    "surgery": [1],
    "birth_date": [0, 14_000],
    "pregnancy": [0, 1],
    "dialysis": [1],
    "antibiotic": [1],
    "admission": [1],
    "discharge": [1],
}

signal = st.builds(
    dict,
    concept=st.sampled_from(sorted(VALUES)),
    pick=st.integers(0, 9),
    # Late and ahead, on both sides of the windows.
    late=st.sampled_from(
        [0, 0, 0, -5, 30, 12 * HOUR, 12 * HOUR + 1, DAY, 2 * DAY, 2 * DAY + 1, 7 * DAY, 8 * DAY]
    ),
    identity=st.integers(0, 2),
    void=st.sampled_from([False, False, False, True]),
    kept_back=st.sampled_from([0, 0, 0, 40, DAY]),
)
message = st.builds(
    dict,
    merge=st.sampled_from([None, None, None, None, None, ("p1", "p2"), ("p2", "p1")]),
    patient=st.sampled_from(["p1", "p2"]),
    after=st.sampled_from([0, 15, 60, 6 * HOUR, 12 * HOUR, 3 * DAY]),
    signals=st.lists(signal, min_size=1, max_size=5),
)
Row = dict[str, Any]
Known = dict[tuple[int, str], Mapping[str, Holding | None]]


def _rows(messages: list[Row]) -> list[Row]:
    rows, now = [], START
    for offset, one in enumerate(messages):
        now += (one["after"] - 15) * MINUTE  # a feed's clock may step back
        rows += [_row(item, one, now, offset, row) for row, item in enumerate(one["signals"])]
    return rows


def _row(item: Row, one: Row, now: int, offset: int, row: int) -> Row:
    concept, values = item["concept"], VALUES[item["concept"]]
    effective = now - item["late"] * MINUTE
    timed = "" if CONCEPTS[concept].kind == "event" else effective
    return {
        "feed": "f",
        "partition": 0,
        "offset": offset,
        "row": row,
        "received_at": now,
        "facility": "H",
        "patient_id": one["patient"],
        "encounter_id": "e",
        "concept": concept,
        "effective_at": effective,
        "value": float(values[item["pick"] % len(values)]),
        "void": item["void"],
        "signal_id": f"{concept}:{item['identity']}:{timed}",
        "written": now - item["kept_back"] * MINUTE,
        "merge": one["merge"],
    }


def _signals(rows: list[Row]) -> pa.Table:
    stamp = pa.timestamp("us", tz="UTC")
    place = {"partition": pa.int32(), "row": pa.int32(), "received_at": stamp}
    kinds = {**{field.name: field.type for field in SIGNALS}, **place}
    names = ("feed", "partition", "offset", "row", "received_at", *SIGNALS.names)
    return pa.table({name: pa.array([r[name] for r in rows], kinds.get(name)) for name in names})


def by_reference(rows: list[Row]) -> Known:
    states: dict[str, reference.PatientState] = {}
    survivors: dict[str, str] = {}
    found, arrival, nobody = {}, 0, reference.PatientState()
    for offset in dict.fromkeys(row["offset"] for row in rows):
        mine = [row for row in rows if row["offset"] == offset]
        if mine[0]["merge"]:
            old, new = (_survivor(survivors, name) for name in mine[0]["merge"])
            if old != new:
                survivors[old] = new
                both = states.get(new, nobody), states.pop(old, nobody)
                states[new] = reference.merge(*both)
        patient = _survivor(survivors, mine[0]["patient_id"])
        told = [_signal(row, arrival + row["row"]) for row in mine]
        arrival += len(mine)
        state, _ = reference.step(states.get(patient, nobody), told, mine[0]["received_at"])
        states[patient] = state
        words = [one for versions in state.versions.values() for one in versions.values()]
        known = [one for one in words if not one.void]
        found[offset, patient] = {
            name: holding(context, known, state.clock) for name, context in CONTEXTS.items()
        }
    return found


def _survivor(survivors: dict[str, str], patient: str) -> str:
    while patient in survivors:
        patient = survivors[patient]
    return patient


def _signal(row: Row, arrival: int) -> reference.Signal:
    source = (row["feed"], row["partition"], row["offset"], row["row"])
    return reference.Signal(
        row["concept"],
        row["effective_at"],
        row["value"],
        row["signal_id"],
        source,
        arrival,
        row["void"],
        row["written"],
    )


def by_columns(rows: list[Row], cuts: list[int]) -> Known:
    engine, found = Engine(), {}
    merges = {row["offset"]: row["merge"] for row in rows if row["merge"]}
    last = rows[-1]["offset"]
    edges = sorted({0, *(cut for cut in (*cuts, *merges) if cut <= last), last + 1})
    for low, high in pairwise(edges):
        batch = [row for row in rows if low <= row["offset"] < high]
        if low in merges:
            engine.merge(*merges[low])
        moments = engine.step(_signals(batch))
        # Every other moment in reverse, as a detection asks: of chosen places, in its own order.
        for at in (np.arange(len(moments.now))[::2][::-1], np.arange(len(moments.now))[1::2]):
            told = {name: validity(name, moments, at) for name in CONTEXTS}
            for place, moment in enumerate(at.tolist()):
                key = batch[moments.first[moment]]["offset"], moments.patient[moment].as_py()
                found[key] = {name: _holding(moments, one, place) for name, one in told.items()}
    return found


def _holding(moments: Any, one: Any, place: int) -> Holding | None:
    if not one.holds[place]:
        return None
    row = moments.stack[one.row[place]]
    source = (*moments.origins[row["origin"]], int(row["offset"]), int(row["row"]))
    return Holding(int(one.since[place]), source)


@settings(max_examples=60, deadline=None)
@given(st.lists(message, min_size=1, max_size=20), st.lists(st.integers(1, 19), max_size=3))
def test_contexts_hold_as_plain_python_says_however_the_feed_is_cut(
    messages: list[Row], cuts: list[int]
) -> None:
    rows = _rows(messages)
    columns, plainly = by_columns(rows, cuts), by_reference(rows)
    assert columns == {key: plainly[key] for key in columns}
