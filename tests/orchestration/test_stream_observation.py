"""The sensor over the stream's tables: what it tells, how often, and of which lake it says what."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from deltalake import DeltaTable

from lakehouse.cuts import cut
from lakehouse.delta_log import commit_path, versions
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES, TABLES
from orchestration.stream_observation import (
    STILL,
    Seen,
    observe,
    stream_checks,
    stream_sensor,
)
from orchestration.stream_state import LONGEST_LAG, dispositions, is_late, table_state

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def test_first_look_tells_of_every_table_version_rows_newest_message_and_lag(hospital):
    told = _by_table(observe(hospital.settings, Seen.read(None), NOW), dg.AssetMaterialization)
    assert set(told) == {name for name, table in TABLES.items() if hospital.lake.has(table)}
    metadata = told["observations"].metadata
    stored = DeltaTable(str(hospital.lake.path(OBSERVATIONS)))
    assert metadata["delta_version"].value == stored.version()
    assert metadata["dagster/row_count"].value == table_state(hospital.lake, OBSERVATIONS).rows
    newest = metadata["last_received_at"].value
    assert metadata["lag_seconds"].value == pytest.approx(NOW.timestamp() - newest, abs=0.1)


def test_messages_are_counted_by_feed_and_disposition(hospital):
    assert (
        sum(d.messages for d in dispositions(hospital.lake)) == 1 + cut(hospital.lake)["mimic3", 0]
    )
    told = _by_table(observe(hospital.settings, Seen.read(None), NOW), dg.AssetMaterialization)
    assert "| `mimic3` | `parsed` |" in told["raw_messages"].metadata["dispositions"].value


def test_tables_that_stand_still_are_not_told_of_again_until_some_time_has_passed(hospital):
    first = observe(hospital.settings, Seen.read(None), NOW)
    soon = observe(hospital.settings, Seen.read(first.cursor), NOW + timedelta(minutes=1))
    later = observe(hospital.settings, Seen.read(first.cursor), NOW + STILL)
    assert not soon.asset_events
    assert _by_table(later, dg.AssetObservation)
    assert not _by_table(later, dg.AssetMaterialization)


def test_only_the_table_that_moved_is_told_of_as_moved(hospital):
    first = Seen.read(observe(hospital.settings, Seen.read(None), NOW).cursor)
    behind = Seen({**first.versions, "observations": -1}, first.told_at)
    assert set(_by_table(observe(hospital.settings, behind, NOW), dg.AssetMaterialization)) == {
        "observations"
    }


def test_no_lake_is_said_and_nothing_raised(tmp_path):
    found = observe(Settings(lake=tmp_path / "none"), Seen.read(None), NOW)
    assert "no lake at" in found.skip_reason.skip_message
    assert not found.asset_events


def test_lake_without_tables_has_nothing_to_tell(tmp_path):
    Lake.open(tmp_path / "lake", create=True)
    assert not observe(Settings(lake=tmp_path / "lake"), Seen.read(None), NOW).asset_events


def test_torn_commit_fails_the_check_of_its_table_and_the_sensor_goes_on(hospital, tmp_path):
    copy = hospital.copy(tmp_path)
    path = copy.lake.path(OBSERVATIONS)
    commit_path(path, versions(path)[-1]).write_bytes(b"")
    found = observe(copy.settings, Seen.read(None), NOW)
    (check,) = found.asset_events
    assert check.asset_key == dg.AssetKey(["lake", "observations"])
    assert (check.check_name, check.passed) == ("readable", False)
    assert "power loss" in check.description


@pytest.mark.parametrize("cursor", [None, "", "{}", "[1]", "no json", '{"versions": 1}'])
def test_cursor_that_is_not_ours_is_as_none(cursor):
    assert Seen.read(cursor) == Seen({}, 0.0)


def test_lag_is_late_on_both_sides_of_now():
    edge = timedelta(microseconds=1)
    assert not is_late(LONGEST_LAG)
    assert is_late(LONGEST_LAG + edge)
    assert not is_late(-LONGEST_LAG)
    assert is_late(-LONGEST_LAG - edge)


def test_checks_can_be_run_by_hand(hospital):
    definitions = dg.Definitions(
        assets=[dg.AssetSpec(["lake", name]) for name in TABLES],
        asset_checks=[stream_checks(hospital.settings)],
    )
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process()
    found = {(c.asset_key.path[-1], c.check_name): c for c in result.get_asset_check_evaluations()}
    assert found["observations", "readable"].passed
    assert not found[RAW_MESSAGES.name, "stream_lag"].passed
    assert found[RAW_MESSAGES.name, "stream_lag"].severity == dg.AssetCheckSeverity.WARN


def test_sensor_runs_from_the_first_start_on(hospital):
    sensor = stream_sensor(hospital.settings)
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    context = dg.build_sensor_context(cursor=None)
    assert sensor(context).asset_events


def _by_table(result, kind):
    return {e.asset_key.path[-1]: e for e in result.asset_events if isinstance(e, kind)}
