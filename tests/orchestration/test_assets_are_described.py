"""Everything that Dagster shows, as review has seen it, and each asset with what a reader needs."""

from pathlib import Path

import dagster as dg
import pytest

from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from orchestration.definitions import build_definitions
from orchestration.jobs import JOBS

ASSETS = {
    "adjudication": {
        *("adult_sepsis_events", "sepsis_onsets", "septic_shock", "sofa_hourly"),
        "suspected_infections",
    },
    "evaluation": {"alert_load", "news2_calibration", "rule_evaluation"},
    "lake": {*TABLES, "facts_by_night"},
    "legacy": {"active_medications", "billing", "census", "labs", "vitals"},
    "maintenance": {"checkpoints", "compaction", "log_cleanup", "vacuum"},
    "marts": {
        "active_medications",
        "census_hourly",
        "charge_reconciliation",
        "documentation_lag",
        "fct_alerts",
        "fct_encounters",
        "fct_observations",
        "fct_scores",
        "readmissions_by_quarter",
        "schema_drift",
        "sepsis_bundle",
        "unmapped_codes",
    },
    "migration": {"job_ledger"},
    "quality": {"failed_rows"},
    "quarantine": {"replay"},
    "reconciliation": {"active_medications", "census", "labs", "vitals"},
    "replays": {"arrival_order", "backfill", "effective_order", "lateness"},
    "report": {"quality"},
    "served": {*JOBS},
}
RUN = {
    "jobs": {
        *("attest_gate", "promote_job", "rehearse_rollback", "rollback_job"),
        *("nightly", "nightly_legacy", "reconcile", "replay_and_lateness"),
        *("quality", "maintenance", "adjudication", "evaluation", "quality_report"),
    },
    "schedules": {
        *("nightly_schedule", "nightly_legacy_schedule", "maintenance_schedule"),
        "adjudication_schedule",
        "evaluation_schedule",
        "quality_report_schedule",
    },
    "sensors": {
        *("stream_tables", "late_facts", "failed_runs", "late_facts_marts"),
        *("late_facts_active_medications", "late_facts_census", "late_facts_labs"),
        *("late_facts_vitals", "migration_gates"),
    },
}
# On tables that anyone may add a contract to, checks come from the contract.
CHECKS = {
    "lake/raw_messages": {"ledger_equation", "readable", "schema", "stream_lag", "values"},
    "lake/observations": {"ledger_equation", "readable", "schema", "units_and_ranges", "values"},
    "replays/arrival_order": {"equals_the_stream"},
    "adjudication/sepsis_onsets": {"key_is_unique", "reason_or_result", "rests_on_facts"},
    "reconciliation/vitals": {"grain", "no_unexplained_differences", "wrong_patients"},
    "migration/job_ledger": {"vitals_G4", "vitals_G8", "vitals_G11", "vitals_gates"},
}


@pytest.fixture(scope="module")
def definitions():
    """The whole house, over a lake that does not exist."""
    return build_definitions(Settings(lake=Path("a-lake")))


def test_assets_are_the_ones_that_review_has_seen(definitions):
    found = {}
    for key in definitions.resolve_asset_graph().get_all_asset_keys():
        found.setdefault(key.path[0], set()).add("/".join(key.path[1:]))
    assert found == ASSETS


def test_jobs_schedules_and_sensors_are_the_ones_that_review_has_seen(definitions):
    repository = definitions.get_repository_def()
    found = {
        "jobs": {name for name in repository.job_names if not name.startswith("__")},
        "schedules": {schedule.name for schedule in repository.schedule_defs},
        "sensors": {sensor.name for sensor in repository.sensor_defs},
    }
    assert found == RUN


def test_checks_of_streams_replays_comparisons_and_ledger_are_there(definitions):
    found = _checks(definitions)
    for asset, names in CHECKS.items():
        assert names <= found[asset]


def test_every_mart_and_table_of_the_stream_has_checks(definitions):
    found = _checks(definitions)
    assert all(found.get(f"marts/{name}") for name in ASSETS["marts"])
    assert all({"readable", "ledger_equation"} <= found[f"lake/{name}"] for name in TABLES)


def test_every_asset_has_group_owner_kind_and_tag(definitions):
    for spec in definitions.resolve_all_asset_specs():
        assert spec.group_name, spec.key
        assert spec.owners, spec.key
        assert all(owner.startswith("team:") for owner in spec.owners), spec.key
        assert spec.kinds, spec.key
        assert [tag for tag in spec.tags if not tag.startswith("dagster/")], spec.key


def test_every_asset_states_its_grain_and_its_source(definitions):
    for spec in definitions.resolve_all_asset_specs():
        text = (spec.description or "").lower()
        assert "grain:" in text, spec.key
        assert "source:" in text, spec.key


def test_every_asset_names_its_columns_with_type_and_meaning(definitions):
    for spec in definitions.resolve_all_asset_specs():
        shown = spec.metadata["dagster/column_schema"]
        columns = getattr(shown, "value", shown).columns
        assert columns, spec.key
        assert all(column.type for column in columns), spec.key
        assert all(column.description for column in columns), spec.key


def test_every_mart_and_every_table_of_the_stream_has_a_freshness_policy(definitions):
    specs = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    wanted = [f"marts/{name}" for name in ASSETS["marts"]] + [f"lake/{name}" for name in TABLES]
    assert [name for name in wanted if specs[name].freshness_policy is None] == []


def test_stream_and_comparison_are_connected(definitions):
    graph = definitions.resolve_asset_graph()
    behind = graph.get(dg.AssetKey(["reconciliation", "vitals"])).parent_keys
    assert {"legacy/vitals", "lake/observations"} <= {key.to_user_string() for key in behind}
    behind = graph.get(dg.AssetKey(["marts", "fct_scores"])).parent_keys
    assert dg.AssetKey(["lake", "scores"]) in behind


def test_what_writes_one_table_shares_a_pool_of_one(definitions):
    for asset in definitions.assets:
        if isinstance(asset, dg.AssetsDefinition) and asset.is_executable:
            assert asset.op.pool, asset.keys


def test_every_job_schedule_and_sensor_says_what_it_does(definitions):
    repository = definitions.get_repository_def()
    named = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    for one in (*named, *repository.schedule_defs, *repository.sensor_defs):
        assert one.description, one.name


def test_night_can_be_run_and_backfilled_as_a_whole(definitions):
    job = definitions.resolve_job_def("nightly")
    rooms = {key.path[0] for key in job.asset_layer.executable_asset_keys}
    assert rooms == {"legacy", "reconciliation", "marts"}
    checked = {key.asset_key.path[0] for key in job.asset_layer.asset_graph.asset_check_keys}
    assert checked == {"lake", "reconciliation", "marts"}
    assert job.partitions_def.get_first_partition_key() == "2026-01-01"


def _checks(definitions):
    found = {}
    for key in definitions.resolve_asset_graph().asset_check_keys:
        found.setdefault(key.asset_key.to_user_string(), set()).add(key.name)
    return found
