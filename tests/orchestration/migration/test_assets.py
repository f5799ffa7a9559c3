"""The migration in Dagster: loads, shows gates, demotes, and lets people decide."""

import dagster as dg
import pytest

from orchestration.jobs import JOBS
from orchestration.migration.assets import definitions
from orchestration.migration.ledger import job_entries
from tests.orchestration.migration.evidence import compared, settings_of

CONFIG = {"job": "census", "by": "Dr Example", "reason": "agreed"}


def _definitions(lake):
    return definitions(settings_of(lake.root))


def _look(lake):
    assets = [a for a in _definitions(lake).assets if isinstance(a, dg.AssetsDefinition)]
    return dg.materialize(assets)


def _decide(lake, name, op, **more):
    job = next(job for job in _definitions(lake).jobs if job.name == name)
    config = {"ops": {op: {"config": CONFIG | more}}}
    return job.execute_in_process(run_config=config, raise_on_error=False)


def test_definitions_touch_nothing_and_have_every_view_and_job(tmp_path):
    found = definitions(settings_of(tmp_path / "lake"))
    graph = found.resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert {f"served/{job}" for job in JOBS} | {"migration/job_ledger"} <= keys
    assert {job.name for job in found.jobs} == {
        *("promote_job", "rollback_job", "attest_gate", "rehearse_rollback")
    }
    assert not (tmp_path / "lake").exists()


def test_every_asset_says_what_it_is(tmp_path):
    graph = definitions(settings_of(tmp_path / "lake")).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if key.path[0] in {"served", "migration"}:
            assert node.group_name == key.path[0]
            assert node.owners
            assert node.tags
            assert "Grain:" in node.description
            assert "dagster/column_schema" in node.metadata


def test_looking_declares_every_job_and_shows_gates_as_checks(proven):
    result = _look(proven)
    checks = {e.check_name: e for e in result.get_asset_check_evaluations()}
    assert set(job_entries(proven)) == set(JOBS)
    assert len(checks) == 4 * 4
    assert not checks["census_gates"].passed
    assert checks["census_G11"].passed
    (shown,) = result.asset_materializations_for_node("migration__job_ledger")
    assert "`census`" in shown.metadata["jobs"].value
    assert "OPEN   G5" in shown.metadata["gates of census"].value


def test_looking_at_a_red_safety_gate_demotes_and_fails_its_check(flipped):
    compared(flipped, 6, wrong_patients=2)
    result = _look(flipped)
    checks = {e.check_name: e for e in result.get_asset_check_evaluations()}
    assert job_entries(flipped)["census"][-1].to_state == "HOLD"
    assert not checks["census_G11"].passed
    assert checks["census_G11"].severity == dg.AssetCheckSeverity.ERROR


def test_a_refused_promotion_fails_its_run_and_names_the_gates(proven):
    result = _decide(proven, "promote_job", "promote")
    assert not result.success
    (failed,) = [e for e in result.all_events if e.is_step_failure]
    told = failed.event_specific_data.user_failure_data.description
    assert "G5 is open" in told
    assert "to mend" in told


def test_a_rollback_in_dagster_is_one_run_and_marks_the_view(flipped):
    result = _decide(flipped, "rollback_job", "rollback")
    assert result.success
    assert job_entries(flipped)["census"][-1].event == "rolled_back"
    (view,) = [e for e in result.all_events if e.is_step_materialization]
    assert view.asset_key == dg.AssetKey(["served", "census"])


@pytest.mark.parametrize(
    ("name", "op", "more", "event"),
    [
        ("attest_gate", "attest", {"gate": "G14"}, "attested"),
        ("rehearse_rollback", "rehearse", {}, "rehearsed"),
    ],
)
def test_the_other_decisions_are_one_run_each(flipped, name, op, more, event):
    assert _decide(flipped, name, op, **more).success
    assert job_entries(flipped)["census"][-1].event == event
