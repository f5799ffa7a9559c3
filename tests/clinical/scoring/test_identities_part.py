"""Facts go to whose they are: through merges, unmerges and moved visits, and never to others."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.encounters.identities import Identities
from clinical.normalise.signal_rows import PROVENANCE, SIGNALS
from clinical.scoring.engine import Engine

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
PATIENTS, VISITS = ("p1", "p2", "p3", "p4"), ("v1", "v2", None)
names, visits = st.sampled_from(PATIENTS), st.sampled_from(VISITS)
told = st.tuples(names, visits, st.sampled_from(["heart_rate", "temperature"]))
changed = st.builds(
    dict,
    event=st.sampled_from(["merge", "merge", "change_id", "unmerge", "link", "move_visit"])
    | st.just("merge_visit"),
    retired_id=names,
    surviving_id=names,
    retired_visit=visits,
    surviving_visit=visits,
)
steps = st.lists(st.one_of(told, told, changed), max_size=24)


def _signals(rows: Sequence[Any], first: int) -> pa.Table:
    columns: list[dict[str, Any]] = [
        {
            "feed": "f",
            "partition": 0,
            "offset": number,
            "row": 0,
            "received_at": START + timedelta(minutes=number),
            "facility": "H",
            "message": number - first,
            "patient_id": who,
            "encounter_id": visit,
            "concept": concept,
            "effective_at": START + timedelta(minutes=number),
            "value": float(number),
            "signal_id": str(number),
            "void": False,
        }
        for number, (who, visit, concept) in enumerate(rows, first)
    ]
    fields = {field.name: field for field in [*SIGNALS, *PROVENANCE]}
    return pa.Table.from_pylist(columns, pa.schema(list(fields.values())))


def _told(engine: Engine) -> dict[str, list[float]]:
    engine.settle()
    patients = engine._patients.items()  # noqa: SLF001 what is remembered shows only there
    return {name: one.rows["value"].tolist() for name, one in sorted(patients) if len(one.rows)}


@settings(max_examples=60, deadline=None)
@given(steps, st.booleans())
def test_facts_are_where_the_ledger_says_and_nowhere_else(
    given: Sequence[Any], put_by: bool
) -> None:
    engine, ledger = Engine(), Identities()
    for number, step in enumerate(given):
        if isinstance(step, dict):
            engine.resolve(step)
            ledger.learn(step)
        elif put_by:
            engine.learn(_signals([step], number))
        else:
            engine.step(_signals([step], number))
    expected: dict[str, list[float]] = {}
    for number, step in enumerate(given):
        if not isinstance(step, dict):
            expected.setdefault(ledger.owner(*step[:2]), []).append(float(number))
    assert _told(engine) == dict(sorted(expected.items()))


def test_many_signals_are_told_apart_as_few_are() -> None:
    engine = Engine()
    rows = [(PATIENTS[n % 4], VISITS[n % 3], "heart_rate") for n in range(600)]
    engine.step(_signals(rows, 0))
    engine.resolve({"event": "merge", "retired_id": "p1", "surviving_id": "p2"})
    moved = {"event": "move_visit", "retired_id": "p3", "surviving_id": "p4"}
    engine.resolve({**moved, "retired_visit": "v1"})
    found = _told(engine)
    assert {name: len(values) for name, values in found.items()} == {
        "p2": 300,
        "p3": 100,
        "p4": 200,
    }
    engine.resolve({"event": "unmerge", "retired_id": "p2", "surviving_id": "p1"})
    assert len(_told(engine)["p1"]) == 150


def test_only_whose_facts_were_one_share_a_clock() -> None:
    engine = Engine()
    for number, who in enumerate(("p1", "p2", "p3")):
        engine.step(_signals([(who, None, "heart_rate")], number))
    engine.resolve({"event": "merge", "retired_id": "p2", "surviving_id": "p1"})
    engine.resolve({"event": "unmerge", "retired_id": "p2", "surviving_id": "p1"})
    clocks = {name: one.clock for name, one in engine._patients.items()}  # noqa: SLF001 see above
    assert clocks["p1"] == clocks["p2"] < clocks["p3"]
