"""The comparisons as Dagster sees them: metadata, checks and failures, in process."""

from datetime import date

import dagster as dg
import pytest

from lakehouse.settings import Settings
from orchestration.legacy.landing import land
from orchestration.reconciliation.assets import GROUP, JOB, definitions
from tests.orchestration.reconciliation.injecting import World, rewrite_extract

NIGHT = "2026-01-10"


def asset(settings, name):
    found = definitions(settings).resolve_asset_graph()
    assert dg.AssetKey([GROUP, name]) in found.get_all_asset_keys()
    return [one for one in definitions(settings).assets if one.key.path[-1] == name]


def specs(found):
    return [spec for one in found.assets for spec in one.specs]


def test_definitions_have_one_asset_per_job_and_touch_nothing(tmp_path):
    found = definitions(Settings(lake=tmp_path / "lake"))
    keys = {spec.key.path[-1] for spec in specs(found)}
    assert keys == {"census", "vitals", "labs", "active_medications"}
    assert found.resolve_job_def(JOB).partitions_def is not None
    assert not (tmp_path / "lake").exists()


def test_every_asset_says_what_it_is_made_from(tmp_path):
    for spec in specs(definitions(Settings(lake=tmp_path))):
        assert spec.group_name == GROUP
        assert spec.owners
        assert spec.kinds
        assert "Grain: " in spec.description
        deps = {tuple(dep.asset_key.path) for dep in spec.deps}
        assert ("legacy", spec.key.path[-1]) in deps
        assert ("lake", "identity_events") in deps


def test_a_comparison_shows_its_classes_its_chart_and_its_evidence(hospital, tmp_path):
    copy = hospital.copy(tmp_path)
    land(copy.lake, copy.settings, "census", date.fromisoformat(NIGHT))
    result = dg.materialize(asset(copy.settings, "census"), partition_key=NIGHT)
    (event,) = result.get_asset_materialization_events()
    shown = event.materialization.metadata
    assert shown["matched"].value > 0
    assert shown["unexplained"].value == 0
    assert shown["evidence_id"].value
    assert "data:image/png" in shown["nights"].value
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_a_row_twice_fails_the_grain_and_a_missing_one_the_differences(hospital, tmp_path):
    world = World.of(hospital)
    world.rewrite(date.fromisoformat(NIGHT), "census", lambda rows: [rows[0], *rows[:-1]])
    built = world.built(tmp_path / "world")
    built.land("census", date.fromisoformat(NIGHT))
    result = dg.materialize(
        asset(built.hospital.settings, "census"), partition_key=NIGHT, raise_on_error=False
    )
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert {name: check.passed for name, check in checks.items()} == {
        "grain": False,
        "no_unexplained_differences": False,
        "wrong_patients": True,
    }
    query = checks["no_unexplained_differences"].metadata["which rows"].value
    assert "reconciliation.differences_census" in query


def test_a_night_that_was_not_landed_fails_and_is_not_tried_again(hospital, tmp_path):
    copy = hospital.copy(tmp_path)
    result = dg.materialize(
        asset(copy.settings, "census"), partition_key=NIGHT, raise_on_error=False
    )
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "never landed" in failure.step_failure_data.error_display_string


@pytest.mark.parametrize("name", ["census.csv"])
def test_a_rewritten_extract_has_a_true_manifest(hospital, tmp_path, name):
    copy = hospital.copy(tmp_path)
    folder = copy.extracts / NIGHT
    rewrite_extract(folder, name.removesuffix(".csv"), [lambda rows: rows[:1]])
    assert land(copy.lake, copy.settings, "census", date.fromisoformat(NIGHT)).rows == 1
