"""Adjudication in Dagster: five assets of one run, with blocking checks and answers to look at."""

import dagster as dg
import pytest

import pulsehouse
from lakehouse.batch.sepsis import SEPSIS
from lakehouse.settings import Settings
from orchestration.adjudication.assets import OP, definitions


@pytest.fixture(scope="module")
def ran(hospital, tmp_path_factory):
    """A hospital of twelve stays, and one run over it."""
    copied = hospital.copy(tmp_path_factory.mktemp("assets"))
    made = definitions(copied.settings)
    return copied.settings, dg.materialize(list(made.assets or ()))


def test_definitions_load_and_touch_nothing(tmp_path):
    made = definitions(Settings(lake=tmp_path / "lake"))
    dg.Definitions.validate_loadable(made)
    assert not (tmp_path / "lake").exists()
    keys = {key.to_user_string() for asset in made.assets for key in asset.keys}
    assert keys == {f"adjudication/{table.name}" for table in SEPSIS}


def test_one_run_makes_every_table_at_one_cut_and_its_checks_pass(ran):
    _, result = ran
    assert result.success
    checks = result.get_asset_check_evaluations()
    assert {check.passed for check in checks} == {True}
    assert all(check.blocking for check in checks)
    shown = [m.materialization.metadata for m in result.get_asset_materialization_events()]
    assert len(shown) == len(SEPSIS)
    assert len({str(metadata["cut"].value) for metadata in shown}) == 1
    assert sum("answers" in metadata for metadata in shown) == 3


def test_metadata_shows_no_patient(ran, hospital):
    _, result = ran
    told = str([m.materialization.metadata for m in result.get_asset_materialization_events()])
    with pulsehouse.connect(hospital.settings.lake) as house:
        patients = house.sql("select distinct patient_id from observations").fetchall()
    assert not [name for (name,) in patients if f"'{name}'" in told or f" {name} " in told]


def test_analysts_ask_without_naming_a_schema(ran):
    settings, _ = ran
    with pulsehouse.connect(settings.lake) as house:
        asked = "select count(*) from sepsis_onsets where is_met"
        assert (
            house.sql(asked).fetchone()
            == house.sql(asked.replace("sepsis_onsets", "adjudication.sepsis_onsets")).fetchone()
        )


def test_a_lake_that_is_not_there_fails_without_becoming_one(tmp_path):
    made = definitions(Settings(lake=tmp_path / "lake"))
    result = dg.materialize(list(made.assets or ()), raise_on_error=False)
    assert not result.success
    assert not (tmp_path / "lake").exists()


def test_a_cut_that_is_none_is_refused(ran):
    settings, _ = ran
    made = definitions(settings)
    config = {"ops": {OP: {"config": {"cut": "yesterday"}}}}
    result = dg.materialize(list(made.assets or ()), run_config=config, raise_on_error=False)
    assert not result.success
