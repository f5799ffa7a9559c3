"""A late fact sets off the nights it belongs to, and no other."""

import json
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pyarrow as pa
import pytest

from lakehouse.appends import append
from lakehouse.cuts import Cut, cut
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import IDENTITY_EVENTS, MEDICATION_EVENTS, OBSERVATIONS, RAW_MESSAGES, TABLES
from orchestration.automation import (
    FACTS,
    MOST_NIGHTS,
    after_late_facts,
    facts_by_night,
    follow_late_facts,
    hourly_after_late_facts,
    late_facts_sensor,
    look,
)
from orchestration.late_facts import SPEAKS_OF, closed_nights, touched_nights
from orchestration.nights import nightly_partitions

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
COMPARED = dg.AssetKey(["reconciliation", "vitals"])


@pytest.fixture
def settings(tmp_path):
    """A lake with one message of the night of 10 January, and nights from the 5th on."""
    found = Settings(lake=tmp_path / "lake", first_night=date(2026, 1, 5))
    _observe(Lake.open(found.lake, create=True), 0, "2026-01-10T01:00", "2026-01-10T01:05")
    return found


def test_first_look_only_remembers_where_the_lake_stands(settings):
    found = look(settings, None, NOW)
    assert not found.nights
    assert found.at["mimic3", 0] == 0


def test_late_fact_touches_the_night_it_was_true_in_and_the_one_it_came_in(settings):
    found = _after(settings, "2026-01-07T12:00", "2026-01-12T09:00")
    assert found == {date(2026, 1, 8), date(2026, 1, 13)}


@pytest.mark.parametrize(
    ("effective", "night"),
    [("2026-01-08T02:00:00", date(2026, 1, 8)), ("2026-01-08T02:00:00.000001", date(2026, 1, 9))],
)
def test_moment_of_the_run_belongs_to_the_night_that_ends_with_it(settings, effective, night):
    assert night in _after(settings, effective, "2026-01-12T09:00")


def test_open_night_has_nothing_to_be_late_for(settings):
    assert _after(settings, "2026-01-20T11:00", "2026-01-20T11:05") == set()


def test_fact_before_the_first_night_touches_only_the_night_it_came_in(settings):
    assert _after(settings, "2019-01-01T11:00", "2026-01-12T09:00") == {date(2026, 1, 13)}


def test_prescription_touches_every_night_it_is_in_force(settings):
    lake = Lake.open(settings.lake, create=True)
    before = cut(lake)
    told = {"started_at": _at("2026-01-07T12:00"), "ended_at": _at("2026-01-09T12:00")}
    _append(lake, MEDICATION_EVENTS, 1, "2026-01-07T12:00", told)
    touched = touched_nights(lake, before, cut(lake), settings, NOW)
    assert set(touched) == {date(2026, 1, day) for day in (8, 9, 10)}


def test_merge_touches_the_nights_that_have_facts_of_either_identifier(settings):
    lake = Lake.open(settings.lake, create=True)
    before = cut(lake)
    merge = {"surviving_id": "p1", "retired_id": "p2"}
    _append(lake, IDENTITY_EVENTS, 1, "2026-01-14T12:00", merge)
    touched = touched_nights(lake, before, cut(lake), settings, NOW)
    assert set(touched) == {date(2026, 1, 10), date(2026, 1, 15)}


def test_every_table_of_facts_can_be_late_by_columns_that_it_has():
    facts = {name for name, table in TABLES.items() if table.zone == "facts"}
    assert set(SPEAKS_OF) == facts
    for name, (since, _) in SPEAKS_OF.items():
        assert since in TABLES[name].schema.names


def test_nights_follow_one_another_without_a_gap_over_the_change_of_the_clock():
    there = Settings(hospital_zone="Europe/London", first_night=date(2026, 3, 27))
    nights = closed_nights(there, datetime(2026, 4, 1, tzinfo=UTC)).to_pylist()
    assert [n["closes"] for n in nights[:-1]] == [n["opens"] for n in nights[1:]]
    assert len(nights) == 5


def test_nothing_new_touches_nothing(settings):
    cursor = json.dumps(look(settings, None, NOW).at.to_json())
    assert look(settings, cursor, NOW).nights == ()


def test_lake_that_was_replaced_starts_anew(settings):
    cursor = json.dumps(Cut({("mimic3", 0): 99}).to_json())
    found = look(settings, cursor, NOW)
    assert not found.nights
    assert "replaced" in found.told


def test_history_that_touches_years_is_bounded_and_says_so(tmp_path):
    settings = Settings(lake=tmp_path / "lake", first_night=date(2025, 1, 1))
    lake = Lake.open(settings.lake, create=True)
    _observe(lake, 0, "2025-01-01T01:00", "2025-01-01T01:05")
    before = json.dumps(cut(lake).to_json())
    for number in range(1, MOST_NIGHTS + 5):
        day = datetime(2025, 2, 1, tzinfo=UTC) + timedelta(days=number)
        _observe(lake, number, day.isoformat(), day.isoformat())
    found = look(settings, before, NOW)
    assert len(found.nights) == MOST_NIGHTS
    assert found.left_out == 4
    assert found.nights[-1][0] == date(2025, 2, 1) + timedelta(days=MOST_NIGHTS + 4)


def test_sensor_says_so_where_there_is_no_lake(tmp_path):
    sensor = late_facts_sensor(Settings(lake=tmp_path / "none"))
    found = sensor(dg.build_sensor_context(cursor="[]"))
    assert "no lake at" in found.skip_reason.skip_message
    assert found.cursor == "[]"


def test_one_late_fact_asks_for_exactly_its_compared_partition(settings):
    definitions = _definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        _report(instance, COMPARED, ["2026-01-08", "2026-01-09", "2026-01-13"])
        first = _evaluate(definitions, instance, None)
        quiet = _evaluate(definitions, instance, first.cursor)
        assert not quiet.total_requested
        for event in _late(settings, "2026-01-07T12:00", "2026-01-07T12:05"):
            instance.report_runless_asset_event(event)
        found = _evaluate(definitions, instance, quiet.cursor)
        assert found.get_requested_partitions(COMPARED) == {"2026-01-08"}
        again = _evaluate(definitions, instance, found.cursor)
        assert not again.total_requested


def test_night_that_was_never_compared_waits_for_the_nightly_job(settings):
    definitions = _definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        first = _evaluate(definitions, instance, None)
        _report(instance, FACTS, ["2026-01-08"])
        assert not _evaluate(definitions, instance, first.cursor).total_requested


def test_comparisons_and_marts_follow_and_nothing_else_does(settings):
    specs = {spec.key: spec for spec in _definitions(settings).resolve_all_asset_specs()}
    assert specs[COMPARED].automation_condition == after_late_facts()
    assert specs[dg.AssetKey(["marts", "a"])].automation_condition == hourly_after_late_facts()
    assert specs[FACTS].automation_condition is None
    assert after_late_facts().get_label() == "late facts of a night that was compared"


def test_runs_that_late_facts_set_off_name_source_reason_and_job(settings):
    sensors = {sensor.name: sensor for sensor in _definitions(settings).sensors}
    tags = sensors["late_facts_vitals"].run_tags
    assert {"source", "reason", "ledger_job"} <= set(tags)
    assert tags["ledger_job"] == "vitals"


def _definitions(settings):
    @dg.asset(key=COMPARED, partitions_def=nightly_partitions(settings))
    def compared(): ...

    @dg.asset(key=["marts", "a"], group_name="marts")
    def mart(): ...

    @dg.asset(group_name="migration")
    def ledger(): ...

    rooms = dg.Definitions(assets=[facts_by_night(settings), compared, mart, ledger])
    return follow_late_facts(rooms)


def _evaluate(definitions, instance, cursor):
    return dg.evaluate_automation_conditions(
        definitions, instance, cursor=cursor, evaluation_time=NOW
    )


def _report(instance, key, partitions):
    for partition in partitions:
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=partition))


def _late(settings, effective, received):
    cursor = json.dumps(look(settings, None, NOW).at.to_json())
    _observe(Lake.open(settings.lake, create=True), 1, effective, received)
    return late_facts_sensor(settings)(dg.build_sensor_context(cursor=cursor)).asset_events


def _after(settings, effective, received):
    cursor = json.dumps(look(settings, None, NOW).at.to_json())
    _observe(Lake.open(settings.lake, create=True), 1, effective, received)
    return {night for night, _ in look(settings, cursor, NOW).nights}


def _observe(lake, offset, effective, received):
    told = {"effective_at": _at(effective), "patient_id": "p1", "observation_id": str(offset)}
    _append(lake, OBSERVATIONS, offset, received, told)


def _append(lake, table, offset, received, told):
    """One row, and the journal's row that lets it be read."""
    at = _at(received)
    where = {"feed": "mimic3", "partition": 0, "offset": offset, "row": 0}
    where |= {"received_at": at, "received_date": at.date()}
    for one, more in ((table, told), (RAW_MESSAGES, {"disposition": "parsed"})):
        rows = pa.Table.from_pylist([where | more], one.schema)
        append(lake, one, "mimic3", 0, rows, offset)


def _at(text):
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
