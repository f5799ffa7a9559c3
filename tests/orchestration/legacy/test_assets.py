"""The nightly jobs in Dagster: what is shown, what fails, and what is tried again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.jobs import JOBS
from orchestration.legacy.assets import definitions
from orchestration.legacy.extracts import EXTRACTS
from orchestration.migration.entering import Said, next_entry
from orchestration.migration.ledger import append_job
from orchestration.migration.states import Event
from tests.orchestration.legacy.dropping import ROW, Drop, as_csv, landed

TONIGHT = datetime(2026, 1, 6, 2, 30, tzinfo=UTC)
AT_ONCE = dg.RetryPolicy(max_retries=1)
KEYS = {dg.AssetKey(["legacy", extract]) for extract in EXTRACTS}


@pytest.fixture(scope="module")
def night(hospital, tmp_path_factory):
    """A night of the rendered hospital, run as the nightly job."""
    lake = tmp_path_factory.mktemp("nightly") / "lake"
    settings = hospital.settings.model_copy(update={"lake": lake})
    return settings, _run(settings, "2026-01-06")


def _run(settings, key, now=TONIGHT):
    assets = definitions(settings, AT_ONCE, lambda: now).assets
    return dg.materialize(assets, partition_key=key, raise_on_error=False)


def _retire(lake, job):
    said = Said("Dr Example", "walked through", datetime(2026, 1, 5, tzinfo=UTC))
    entry = next_entry([], JOBS[job], Event.ATTESTED, said)
    append_job(lake, replace(entry, to_state="RETIRED"))


def _failed(result):
    return {event.step_key: event.step_failure_data for event in result.get_step_failure_events()}


def test_every_extract_of_a_night_is_landed(night, hospital):
    settings, result = night
    assert result.success
    lake = Lake.open(settings.lake, create=False)
    for extract in EXTRACTS:
        file = hospital.extracts / "2026-01-06" / f"{extract}.csv"
        rows = len(landed(lake, extract))
        if file.exists():
            assert rows == file.read_text().count("\n") - 1


def test_a_materialisation_says_where_rows_come_from_and_up_to_when(night):
    _, result = night
    found = {
        event.asset_key.path[1]: event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    census = found["census"]
    assert census["source"].value == "2026-01-06/census.csv"
    assert census["zone"].value == "UTC"
    assert census["delta_version"].value == 0
    assert census["announced_cutoff"].value == "2026-01-06T00:00:00+00:00"
    assert found["vitals"]["announced_cutoff"].value == "2026-01-06T02:00:00+00:00"
    assert "preview" in census


def test_the_schedule_lands_a_retired_job_no_more_and_a_backfill_still_does(hospital, tmp_path):
    settings = hospital.settings.model_copy(update={"lake": tmp_path / "lake"})
    _retire(Lake.open(settings.lake, create=True), "census")
    assets = [one for one in definitions(settings, AT_ONCE).assets if one.key.path[1] == "census"]
    for tags, landed_rows in (({"dagster/schedule_name": "nightly"}, False), ({}, True)):
        done = dg.materialize(assets, partition_key="2026-01-06", tags=tags)
        assert bool(done.get_asset_materialization_events()) is landed_rows


def test_a_bad_extract_fails_its_asset_alone_without_a_second_try(hospital, tmp_path):
    hospital = hospital.copy(tmp_path)
    settings = hospital.settings.model_copy(update={"lake": tmp_path / "lake"})
    file = settings.extracts / "2026-01-06" / "labs.csv"
    file.write_bytes(file.read_bytes()[:-7])
    result = _run(settings, "2026-01-06")
    failed = _failed(result)
    assert list(failed) == ["legacy__labs"]
    told = failed["legacy__labs"].user_failure_data
    assert "half written, or changed since" in told.description
    assert set(told.metadata) == {"what", "where", "how to mend"}
    assert not _retried(result)
    done = {event.asset_key.path[1] for event in result.get_asset_materialization_events()}
    assert {"census", "vitals", "active_medications"} <= done


def test_an_old_night_that_is_not_there_fails_at_once(tmp_path):
    result = _run(Drop(tmp_path).settings, "2026-01-06", TONIGHT + timedelta(days=1))
    assert len(_failed(result)) == len(EXTRACTS)
    assert not _retried(result)


def test_a_night_that_is_not_there_yet_is_tried_again(tmp_path):
    drop = Drop(tmp_path)
    result = _run(drop.settings, "2026-01-06")
    assert len(_failed(result)) == len(EXTRACTS)
    assert len(_retried(result)) == len(EXTRACTS)


def test_a_hospital_without_billing_has_no_failure(tmp_path):
    drop = Drop(tmp_path, first_night=date(2026, 1, 1))
    drop.put(as_csv([ROW]))
    result = _run(drop.settings, "2026-01-06")
    assert "legacy__billing" not in _failed(result)
    done = {event.asset_key.path[1] for event in result.get_asset_materialization_events()}
    assert done == {"census"}


def test_every_asset_is_described_owned_and_kept_from_itself():
    for asset in definitions(Settings()).assets:
        spec = next(iter(asset.specs))
        assert spec.group_name == "legacy"
        assert spec.owners
        assert {"csv", "deltalake"} <= spec.kinds
        assert "Grain: " in spec.description
        assert spec.metadata["dagster/column_schema"].columns
        assert asset.op.pool == "legacy"


def test_the_kind_of_source_is_shown_and_its_url_is_not():
    settings = Settings(extracts_url="postgresql+psycopg://u:s3cret@h/d")
    for asset in definitions(settings).assets:
        spec = next(iter(asset.specs))
        assert "postgresql" in spec.kinds
        assert "s3cret" not in repr(spec)


def test_building_definitions_touches_nothing(tmp_path):
    settings = Settings(lake=tmp_path / "lake", extracts=tmp_path / "drop")
    loaded = definitions(settings)
    dg.Definitions.validate_loadable(loaded)
    assert {asset.key for asset in loaded.assets} == KEYS
    job = loaded.resolve_job_def("nightly_legacy")
    assert job.asset_layer.executable_asset_keys == KEYS
    assert list(tmp_path.iterdir()) == []


def _retried(result):
    return [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
