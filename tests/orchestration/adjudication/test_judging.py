"""The lake judged at one cut: again the same, however chunked, and every row on facts."""

from contextlib import closing

import pyarrow as pa
import pytest

from clinical.adjudication.sepsis3 import READINGS
from lakehouse.batch.sepsis import (
    ADULT_SEPSIS_EVENTS,
    SEPSIS,
    SEPSIS_ONSETS,
    SEPTIC_SHOCK,
    SOFA_HOURLY,
    SUSPECTED_INFECTIONS,
)
from lakehouse.batch_reading import read_batch
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut, cut
from lakehouse.errors import AppendError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.adjudication import showing
from orchestration.adjudication.judging import adjudicate
from tests.orchestration.replays.ward import Ward


@pytest.fixture(scope="module")
def judged(hospital, tmp_path_factory):
    """A hospital of twelve stays, judged once."""
    copied = hospital.copy(tmp_path_factory.mktemp("judged"))
    lake = Lake.open(copied.settings.lake, create=True)
    return lake, copied.settings, adjudicate(lake, copied.settings)


def tables(lake):
    return {table.name: read_batch(lake, table) for table in SEPSIS}


def test_same_cut_gives_the_same_tables(judged):
    lake, settings, run = judged
    before = tables(lake)
    again = adjudicate(lake, settings, run.cut)
    assert again.rows == run.rows
    assert all(before[name].equals(rows) for name, rows in tables(lake).items())


def test_tables_do_not_depend_on_how_patients_are_cut_into_chunks(judged):
    lake, settings, run = judged
    before = tables(lake)
    assert adjudicate(lake, settings, run.cut, facts=20_000).rows == run.rows
    assert all(before[name].equals(rows) for name, rows in tables(lake).items())


def test_every_check_passes(judged):
    lake, _, run = judged
    with closing(showing.opened(lake, run.cut)) as connection:
        failed = {table.name: showing.failures(connection, table) for table in SEPSIS}
    assert all(not count for counts in failed.values() for count in counts.values())
    assert {len(counts) for counts in failed.values()} == {1, 2, 3}


def test_checks_see_a_second_row_of_a_key_and_a_source_that_is_not_there(judged):
    lake, _, run = judged
    onset = read_batch(lake, SEPSIS_ONSETS).slice(0, 1)
    elsewhere = [[{"table": "order_events", "feed": "f", "partition": 7, "offset": 1, "row": 0}]]
    place = onset.schema.get_field_index("sources")
    wrong = onset.set_column(place, "sources", pa.array(elsewhere, onset.schema.types[place]))
    with closing(showing.opened(lake, run.cut)) as connection:
        connection.execute("drop schema adjudication cascade")
        connection.execute("create schema adjudication")
        connection.register("given", pa.concat_tables([onset, wrong]))
        connection.execute("create table adjudication.sepsis_onsets as from given")
        failed = showing.failures(connection, SEPSIS_ONSETS)
    assert (failed["key_is_unique"], failed["rests_on_facts"]) == (1, 1)


def test_every_visit_with_evidence_is_judged_once_in_each_reading(judged):
    lake, _, _ = judged
    onsets = read_batch(lake, SEPSIS_ONSETS)
    by_reading = dict.fromkeys(READINGS, 0)
    for name in onsets["variant"].to_pylist():
        by_reading[name] += 1
    assert set(by_reading.values()) == {onsets.num_rows // len(READINGS)}
    assert read_batch(lake, SEPTIC_SHOCK).num_rows == onsets.num_rows
    assert read_batch(lake, ADULT_SEPSIS_EVENTS).num_rows * 2 == onsets.num_rows
    assert sum(onsets["is_met"].to_pylist()) > 0


def test_onset_rests_on_a_suspicion_and_on_an_hour_of_sofa(judged):
    lake, _, _ = judged
    suspected = {
        (row["patient_id"], row["variant"], row["suspected_at"])
        for row in read_batch(lake, SUSPECTED_INFECTIONS).to_pylist()
    }
    hours = {
        (row["patient_id"], row["variant"], row["hour_at"]): row["total"]
        for row in read_batch(lake, SOFA_HOURLY).to_pylist()
    }
    met = [row for row in read_batch(lake, SEPSIS_ONSETS).to_pylist() if row["is_met"]]
    for row in met:
        assert (row["patient_id"], row["variant"], row["suspected_at"]) in suspected
        sofa = READINGS[row["variant"]].sofa
        assert hours[row["patient_id"], sofa, row["dysfunction_at"]] == row["total"]


def test_components_of_an_hour_add_up_and_were_received_by_when_it_was_known(judged):
    lake, _, _ = judged
    rows = read_batch(lake, SOFA_HOURLY).to_pylist()
    assert rows
    for row in rows:
        points = [part["points"] for part in row["components"] if part["points"] is not None]
        assert row["lowest"] <= row["total"] <= row["highest"]
        if row["total"] is not None:
            assert sum(points) == row["total"]
    with closing(connect(lake)) as connection:
        sql = "select max(received_at) from observations"
        assert max(row["known_at"] for row in rows) <= connection.execute(sql).fetchone()[0]


def test_tables_are_not_taken_back_to_an_earlier_cut(judged):
    lake, settings, _ = judged
    before = tables(lake)
    [(place, last)] = cut(lake).items()
    with pytest.raises(AppendError, match="later cut"):
        adjudicate(lake, settings, Cut({place: last // 3}))
    assert all(before[name].equals(rows) for name, rows in tables(lake).items())


def test_merged_patients_are_one_and_what_was_withdrawn_never_was(tmp_path):
    ward = Ward()
    ward.charted("retired", {"platelets": 90}, "08:10")
    ward.charted("kept", {"platelets": 140}, "09:10")
    ward.charted("kept", {"platelets": 10}, "09:20")
    ward.merged("retired", "kept", "10:00")
    ward.charted("kept", {"platelets": 10}, "09:20", "11:00", status="W")
    lake = ward.lake(tmp_path)
    adjudicate(lake, Settings(lake=lake.root))
    rows = read_batch(lake, SOFA_HOURLY).to_pylist()
    assert {row["patient_id"] for row in rows} == {"kept"}
    # Platelets of 90 are 2 points, known under either identifier; those of 10 would have been 4.
    assert {row["total"] for row in rows} == {2.0}
    assert {row["hour_at"].hour for row in rows} == {9, 10}


def test_lake_without_facts_has_empty_tables(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    run = adjudicate(lake, Settings(lake=tmp_path / "lake"))
    assert set(run.rows.values()) == {0}
