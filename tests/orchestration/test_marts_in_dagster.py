"""The marts as Dagster runs them: built at one cut, shown, checked, and left alone by a failure."""

import json
import os
import shutil
from importlib.metadata import version

import dagster as dg
import pytest
from dagster_dbt import DbtCliResource
from deltalake import DeltaTable

from lakehouse.cuts import cut
from orchestration import marts
from orchestration.dbt_manifest import PROJECT, ManifestError, manifest
from orchestration.dbt_runs import Dbt, dbt_resource, environment, without_values

SMALL = ("unmapped_codes", "fct_scores")
BROKEN = "select cast('a stored text' as integer) as feed"


@pytest.fixture(scope="module")
def built(hospital, tmp_path_factory):
    """Two marts of the small hospital, built by Dagster at the newest cut."""
    copy = hospital.copy(tmp_path_factory.mktemp("marts"))
    return copy, _materialise(copy, PROJECT)


def test_run_stores_the_chosen_marts_and_shows_them(built):
    hospital, result = built
    assert result.success
    told = {
        e.asset_key.path[-1]: e.step_materialization_data.materialization.metadata
        for e in _materialised(result)
    }
    assert set(told) == set(SMALL)
    for name, metadata in told.items():
        stored = DeltaTable(str(hospital.lake.root / "marts" / name))
        assert metadata["dagster/row_count"].value > 0
        assert metadata["delta_version"].value == stored.version()
        assert metadata["cut"].data == cut(hospital.lake).to_json()
        assert metadata["preview"].value.startswith("| feed |")


def test_tests_of_dbt_are_checks_that_passed(built):
    checks = built[1].get_asset_check_evaluations()
    assert {check.asset_key.path[-1] for check in checks} == set(SMALL)
    assert all(check.passed for check in checks)


def test_environment_is_as_it_was_after_the_run(built):
    assert "PULSEHOUSE_CUT" not in os.environ
    assert "DBT_PROJECT_DIR" not in os.environ


def test_model_that_fails_leaves_its_table_and_says_what_to_do_without_the_value(built, tmp_path):
    hospital, _ = built
    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    model = project / "models" / "marts" / "unmapped_codes.sql"
    model.write_text(model.read_text().split("}}")[0] + "}}\n" + BROKEN)
    path = str(hospital.lake.root / "marts" / "unmapped_codes")
    before = DeltaTable(path).version()
    result = _materialise(hospital, project, raise_on_error=False)
    assert not result.success
    (failed,) = result.get_step_failure_events()
    message = failed.step_failure_data.error.message
    assert "`unmapped_codes`" in message
    assert "a stored text" not in message
    assert "Mend the model" in message
    assert DeltaTable(path).version() == before
    assert {e.asset_key.path[-1] for e in _materialised(result)} == {"fct_scores"}


def test_manifest_is_made_where_there_is_none_and_kept_while_models_stay_the_same():
    first = manifest()
    made = first.stat().st_mtime_ns
    assert manifest() == first
    assert first.stat().st_mtime_ns == made
    assert "model.pulsehouse.fct_scores" in json.loads(first.read_text())["nodes"]


def test_project_that_never_parsed_is_refused_with_what_dbt_says(tmp_path):
    (tmp_path / "dbt_project.yml").write_text("name: [")
    with pytest.raises(ManifestError, match="cannot parse"):
        manifest(tmp_path)


def test_model_that_cannot_be_parsed_leaves_the_marts_as_they_were_shown(tmp_path):
    place = tmp_path / "target" / "manifests" / "earlier.json"
    place.parent.mkdir(parents=True)
    place.write_text("{}")
    (tmp_path / "dbt_project.yml").write_text("name: [")
    assert manifest(tmp_path) == place


def test_hooks_of_dagster_dbt_that_are_passed_over_are_still_there():
    hooks = ("_cli_version", "_initialize_dbt_core_adapter")
    assert all(name in vars(DbtCliResource) and name in vars(Dbt) for name in hooks)
    assert str(getattr(dbt_resource(), hooks[0])) == version("dbt-core")


def test_environment_of_a_run_is_its_own(tmp_path):
    before = dict(os.environ)
    with environment(PROJECT, tmp_path, "[]"):
        assert os.environ["PULSEHOUSE_LAKE"] == str(tmp_path)
        assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    "message",
    [
        "Runtime Error in model a (a.sql)\n  Conversion Error: Could not convert 'SMITH' to INT",
        "Runtime Error in model a (a.sql)\n  Invalid Input Error: SMITH",
        'Constraint Error: Duplicate key "id: SMITH"',
        "Database Error in model a\n  Out of Range Error: SMITH",
    ],
)
def test_messages_of_dbt_lose_stored_values(message):
    assert "SMITH" not in without_values(message)
    assert "Error" in without_values(message)


def test_messages_about_the_query_stay():
    told = without_values('Runtime Error in model a\n  Binder Error: column "hart_rate" not found')
    assert "hart_rate" in told


def _materialise(hospital, project, *, raise_on_error=True):
    definitions = marts.definitions(hospital.settings, project)
    return dg.materialize(
        [*definitions.assets],
        selection=dg.AssetSelection.assets(*(["marts", name] for name in SMALL)),
        resources=dict(definitions.resources),
        raise_on_error=raise_on_error,
    )


def _materialised(result):
    return [e for e in result.all_events if e.event_type_value == "ASSET_MATERIALIZATION"]
