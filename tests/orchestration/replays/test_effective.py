"""The record of truth: final facts in the order in which they were true, and how late they came."""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.arrivals import Run, add_runs
from lakehouse.batch.replays import LATENESS, REPLAY_RUNS, SCORES_OF_RECORD
from lakehouse.batch_reading import read_batch
from lakehouse.catalogue import quoted_name, read
from lakehouse.identities import add_survivors
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import SCORES, TABLES
from orchestration.replays.effective import make_record, replay_in_effective_order
from tests.orchestration.replays.ward import DAWN, ILL, WELL, Ward, at

SETTINGS = Settings()
PLACE = {"feed", "partition", "offset", "row"}


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """One patient per way in which the stream may know late, and one known at once."""
    ward = Ward()
    for patient in ("prompt", "charted-late", "sent-late", "retracted", "superseded"):
        ward.charted(patient, WELL, "09:00")
    ward.charted("prompt", ILL, "10:00")
    ward.charted("retracted", ILL, "10:00")
    ward.charted("wrong", {"potassium": 7.9}, "10:00")
    ward.charted("was-wrong", {"potassium": 4.1}, "10:00")
    ward.charted("kept", {"systolic_bp": 85}, "10:00")
    ward.charted("retired", {"respiratory_rate": 28}, "10:00")
    ward.charted("retracted", ILL, "10:00", "10:30", status="W")
    ward.charted("superseded", WELL, "10:30")
    ward.charted("wrong", {"potassium": 4.1}, "10:00", "11:00", status="C")
    ward.charted("was-wrong", {"potassium": 7.9}, "10:00", "11:00", status="C")
    ward.charted("charted-late", ILL, "10:00", "11:30")
    ward.charted("sent-late", ILL, "10:00", "11:30", written="10:01")
    ward.charted("superseded", ILL, "10:00", "11:30")
    ward.merged("retired", "kept", "12:00")
    ward.charted("kept", {"heart_rate": 80, "respiratory_rate": 28}, "12:30")
    lake = ward.lake(tmp_path_factory.mktemp("late"))
    replay_in_effective_order(lake, SETTINGS)
    return lake


def rises(lake: Lake, patient: str, subject: str) -> list[dict[str, Any]]:
    rows = read_batch(lake, LATENESS).to_pylist()
    return [row for row in rows if (row["patient_id"], row["subject"]) == (patient, subject)]


@pytest.mark.parametrize(
    ("patient", "subject", "told"),
    [
        ("prompt", "news2", ("known", "none", 0)),
        ("charted-late", "news2", ("known", "documentation_lag", 90)),
        ("sent-late", "news2", ("known", "late", 90)),
        ("superseded", "news2", ("never", "documentation_lag", None)),
        ("retracted", "news2", ("untrue", "retracted", 30)),
        ("wrong", "critical_potassium", ("untrue", "corrected", None)),
        ("was-wrong", "critical_potassium", ("known", "corrected", 60)),
        ("kept", "qsofa", ("known", "merged", 150)),
    ],
)
def test_a_rise_has_its_lag_and_its_cause(
    patient: str, subject: str, told: tuple[str, str, float | None], late: Lake
) -> None:
    kind, cause, minutes = told
    found = rises(late, patient, subject)
    assert found, "no rise at all"
    for row in found:
        # An alert is not taken back when it proves untrue; only a score falls again.
        lasted = None if kind == "untrue" and not row["variant"] else minutes
        stored = (row["kind"], row["cause"], row["minutes"], row["true_at"])
        assert stored == (kind, cause, lasted, at("10:00"))


def test_a_cause_names_the_message_that_decided_it(late: Lake) -> None:
    (row,) = rises(late, "was-wrong", "critical_potassium")
    where = "\"offset\" = ? and status = 'corrected'"
    facts = read(late, TABLES["observations"], where=where, parameters=[row["offset"]])
    assert facts["patient_id"].to_pylist() == ["was-wrong"]


def test_what_was_taken_back_is_not_in_the_record(late: Lake) -> None:
    rows = read_batch(late, SCORES_OF_RECORD).to_pylist()
    mine = [r["observed"] for r in rows if (r["patient_id"], r["score"]) == ("retracted", "news2")]
    assert mine == [0.0]
    assert "retired" not in {row["patient_id"] for row in rows}


def test_the_run_is_evidence(late: Lake) -> None:
    (row,) = read_batch(late, REPLAY_RUNS).to_pylist()
    assert (row["replay_order"], row["is_equal"]) == ("effective", None)
    told = json.loads(row["tables"])["lateness"]["rows"]
    assert told == read_batch(late, LATENESS).num_rows


def test_a_second_replay_makes_the_same_record(late: Lake) -> None:
    before = read_batch(late, SCORES_OF_RECORD)
    replay_in_effective_order(late, SETTINGS)
    assert read_batch(late, SCORES_OF_RECORD) == before


def test_a_lake_without_facts_has_an_empty_record(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    assert replay_in_effective_order(lake, SETTINGS).rows == 0
    assert read_batch(lake, LATENESS).num_rows == 0


def test_without_lag_or_corrections_the_record_is_what_the_stream_said(tmp_path: Path) -> None:
    ward = Ward()
    for minute in range(0, 20 * 60, 37):
        clock = f"{minute // 60:02d}:{minute % 60:02d}"
        for patient in ("1", "2", "3"):
            worse = (minute * 7 + int(patient) * 311) % 60 - 20
            values = {name: max(value + worse, 4) for name, value in WELL.items()}
            values["spo2"] = min(values["spo2"], 100)
            ward.charted(patient, dict(list(values.items())[minute % 3 :]), clock)
    lake = ward.lake(tmp_path)
    assert replay_in_effective_order(lake, SETTINGS).differing == 0
    key = ["patient_id", "score", "variant", "true_at"]
    said = read(lake, SCORES).rename_columns({"received_at": "true_at"})
    record = read_batch(lake, SCORES_OF_RECORD)
    names = [name for name in record.column_names if name in said.column_names]
    order = [(name, "ascending") for name in key]
    assert record.num_rows > 400
    assert record.select(names).sort_by(order) == said.select(names).sort_by(order)


# A few concepts that make several scores, at minutes on which they often meet.
CONCEPTS: Mapping[str, list[float]] = {
    "respiratory_rate": [16, 24, 28],
    "systolic_bp": [85, 105, 120],
    "heart_rate": [70, 95, 135],
    "spo2": [88, 98],
}
version = st.one_of(st.none(), st.integers(0, 2))
fact = st.builds(
    dict,
    patient=st.sampled_from(["p1", "p2", "p3"]),
    concept=st.sampled_from(sorted(CONCEPTS)),
    minute=st.sampled_from([0, 5, 5, 40, 800]),
    written=st.integers(0, 3),
    # The last one counts; None withdraws.
    versions=st.lists(version, min_size=1, max_size=3),
)


@settings(max_examples=12, deadline=None)
@given(st.lists(fact, min_size=1, max_size=10), st.booleans(), st.data())
def test_the_order_in_which_facts_arrive_does_not_change_the_record(
    facts: list[dict[str, Any]], merges: bool, data: st.DataObject
) -> None:
    told = [
        (number, place) for number, one in enumerate(facts) for place in range(len(one["versions"]))
    ]
    other = data.draw(st.permutations([number for number, _ in told]))
    moments = [data.draw(st.integers(0, len(told))) for _ in range(2)]
    first = record_of(facts, [number for number, _ in told], moments[0] if merges else None)
    second = record_of(facts, other, moments[1] if merges else None)
    assert first == second


def record_of(facts: list[dict[str, Any]], order: list[int], merge: int | None) -> pa.Table:
    """The record of facts whose versions arrive in an order, less the places they came from."""
    seen = [0] * len(facts)
    rows: list[dict[str, Any]] = []
    for offset, number in enumerate(order):
        rows.append(_observation(facts[number], number, seen[number], offset))
        seen[number] += 1
    merges = [] if merge is None else [_merge(merge)]
    with closing(duckdb.connect()) as connection:
        _fill(connection, {"observations": rows, "identity_events": merges})
        add_runs(connection, [Run("f", 0, 0, len(order))])
        make_record(connection, SETTINGS)
        return connection.execute(_COMPARED).to_arrow_table()


_COMPARED = """
select * exclude (feed, "partition", "offset", components),
    list_transform(
        components, lambda c: (c.parameter, c.concept, c."value", c.points, c.effective_at)
    )
from made.scores_of_record order by all
"""


def _observation(one: dict[str, Any], number: int, seen: int, offset: int) -> dict[str, Any]:
    picked = one["versions"][seen]
    values = CONCEPTS[one["concept"]]
    return {
        **_provenance(offset),
        "patient_id": one["patient"],
        "observation_id": f"o{number}",
        "concept": one["concept"],
        "value": None if picked is None else float(values[picked % len(values)]),
        "effective_at": DAWN + timedelta(minutes=one["minute"]),
        "documented_at": DAWN + timedelta(minutes=one["minute"] + one["written"]),
        "status": "entered_in_error" if picked is None else "final",
        "is_scored": picked is not None,
        "not_scored_reason": "retracted" if picked is None else None,
    }


def _merge(offset: int) -> dict[str, Any]:
    ids = {"event": "merge", "patient_id": "p1", "surviving_id": "p1", "retired_id": "p2"}
    return {**_provenance(offset), **ids}


def _provenance(offset: int) -> dict[str, Any]:
    received = DAWN + timedelta(days=2, minutes=offset)
    place = {"feed": "f", "partition": 0, "offset": offset, "row": 0, "facility": "h"}
    return {**place, "received_at": received, "received_date": received.date()}


def _fill(connection: duckdb.DuckDBPyConnection, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    connection.execute("set TimeZone = 'UTC'; create schema lake")
    for name, table in TABLES.items():
        connection.register("rows", pa.Table.from_pylist(rows.get(name, []), table.schema))
        connection.execute(f"create table lake.{quoted_name(name)} as from rows")
        connection.unregister("rows")
    add_survivors(connection, "lake")
