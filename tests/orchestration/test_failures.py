"""A failed run ends with what to do about it."""

import dagster as dg
import pytest

from lakehouse.errors import LakeDamagedError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration import maintenance
from orchestration.failures import ADVICE, OTHERWISE, advice, failure_sensor


def test_run_without_a_lake_says_how_to_name_one(tmp_path):
    definitions = maintenance.definitions(Settings(lake=tmp_path / "none"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = _failed([*definitions.assets][:1], instance)
        said = _said(instance, result)
    assert "maintenance__compaction" in said
    assert "PULSEHOUSE_LAKE" in said
    assert not (tmp_path / "none").exists()


def test_run_over_a_damaged_lake_says_to_keep_it(tmp_path):
    @dg.asset
    def reads():
        msg = "table `scores` is damaged"
        raise LakeDamagedError(msg, table="scores")

    with dg.DagsterInstance.ephemeral() as instance:
        assert "keep the lake as it is" in _said(instance, _failed([reads], instance))


@pytest.mark.parametrize(("phrase", "what"), ADVICE)
def test_first_phrase_that_fits_decides(phrase, what):
    assert advice(f"it failed: {phrase}, so it stopped") == what


def test_anything_else_is_told_to_read_on():
    assert advice("") == OTHERWISE


def test_upkeep_of_a_lake_says_what_was_done_to_each_table(tmp_path):
    Lake.open(tmp_path / "lake", create=True)
    definitions = maintenance.definitions(Settings(lake=tmp_path / "lake"))
    result = dg.materialize([*definitions.assets])
    told = {
        event.asset_key.path[-1]: event.step_materialization_data.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    assert set(told) == {"compaction", "checkpoints", "log_cleanup", "vacuum"}
    assert told["vacuum"]["dry_run"].value is True
    assert told["compaction"]["files_joined"].value == 0


def test_vacuum_refuses_less_than_a_week(tmp_path):
    Lake.open(tmp_path / "lake", create=True)
    definitions = maintenance.definitions(Settings(lake=tmp_path / "lake"))
    config = {"ops": {"maintenance__vacuum": {"config": {"hours": 24}}}}
    result = dg.materialize([*definitions.assets], run_config=config, raise_on_error=False)
    (failed,) = result.get_step_failure_events()
    assert failed.step_key == "maintenance__vacuum"
    assert "168" in failed.step_failure_data.error_display_string


def _failed(assets, instance):
    return dg.materialize(assets, instance=instance, raise_on_error=False)


def _said(instance, result):
    """What the sensor wrote into the failed run."""
    run = instance.get_run_by_id(result.run_id)
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=run,
    ).for_run_failure()
    failure_sensor()(context)
    return [record.message for record in instance.all_logs(result.run_id)][-1]
