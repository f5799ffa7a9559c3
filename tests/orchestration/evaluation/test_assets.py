"""The evaluation as assets: tables of the zone, charts in the metadata, and what is refused."""

from pathlib import Path

import dagster as dg
import pytest

from lakehouse.batch.evaluation import ALERT_LOAD, EVALUATION, NEWS2_CALIBRATION, RULE_EVALUATION
from lakehouse.batch_reading import read_batch
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.evaluation.assets import JOB, definitions
from tests.orchestration.replays.ward import ILL, WELL, Ward


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    ward = Ward()
    ward.charted("ill", WELL, "08:00")
    ward.charted("ill", ILL, "09:00")
    ward.charted("well", WELL, "10:00")
    return ward.lake(tmp_path_factory.mktemp("ward"))


def ran(lake: Path, **config: str) -> dg.ExecuteInProcessResult:
    made = definitions(Settings(lake=lake))
    asked = {"ops": {"rules_evaluated": {"config": config}}} if config else None
    with dg.DagsterInstance.ephemeral() as instance:
        job = made.resolve_job_def(JOB)
        return job.execute_in_process(run_config=asked, instance=instance, raise_on_error=False)


@pytest.fixture(scope="module")
def run(lake: Lake) -> dg.ExecuteInProcessResult:
    return ran(lake.root)


def told(run: dg.ExecuteInProcessResult) -> dict[str, dict[str, dg.MetadataValue]]:
    events = run.get_asset_materialization_events()
    return {event.asset_key.path[-1]: dict(event.materialization.metadata) for event in events}


def test_every_table_of_the_zone_is_made(lake, run):
    assert run.success
    assert set(told(run)) == {table.name for table in EVALUATION}
    rows = read_batch(lake, RULE_EVALUATION).to_pylist()
    assert ("news2", "all") in {(row["rule_family"], row["unit"]) for row in rows}
    [news2] = [row for row in rows if (row["rule_family"], row["unit"]) == ("news2", "all")]
    assert (news2["alerts"], news2["reference"], news2["sensitivity"]) == (1, "deterioration", None)
    loads = read_batch(lake, ALERT_LOAD).to_pylist()
    assert {(row["rule_family"], row["unit"]) for row in loads} == {
        (row["rule_family"], row["unit"]) for row in rows
    }


def test_charts_are_pictures_within_the_metadata(run):
    shown = told(run)[RULE_EVALUATION.name]
    assert "data:image/png;base64," in shown["lead_times"].value
    assert shown["onset"].value == "not adjudicated"


def test_no_outcome_leaves_the_calibration_empty(lake, run):
    assert run.success
    assert read_batch(lake, NEWS2_CALIBRATION).num_rows == 0


def test_nothing_of_a_patient_is_shown(run):
    words = repr({name: {k: v.value for k, v in one.items()} for name, one in told(run).items()})
    assert [word for word in ("'ill'", "'well'", "Vill") if word in words] == []


def test_rules_that_are_not_there_fail_the_run_once_in_one_line(lake):
    failed = ran(lake.root, against="no-such-version")
    [event] = failed.get_step_failure_events()
    assert "no rules are called 'no-such-version'" in event.step_failure_data.error.message


def test_a_lake_that_is_not_there_is_not_made(tmp_path):
    assert not ran(tmp_path / "nowhere").success
    assert not (tmp_path / "nowhere").exists()
