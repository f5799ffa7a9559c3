"""Quality in Dagster: every table has its checks, and a break holds back what is built on it."""

import re
from pathlib import Path

import dagster as dg
import pytest

from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import ALERTS, OBSERVATIONS, RAW_MESSAGES, TABLES
from orchestration.quality.assets import checks, definitions
from orchestration.stream_tables import stream_tables
from tests.orchestration.quality.breaking import change, take_away

ALERT_CHECKS = ("quality_of_alerts", "ledger_equation")


def build(settings, *assets, only=ALERT_CHECKS):
    """A job of some checks and of what is built on the tables."""
    chosen = [one for one in checks(settings) if one.op.name in only]
    selection = dg.AssetSelection.checks(*chosen)
    if assets:
        selection |= dg.AssetSelection.assets(*assets)
    job = dg.define_asset_job("nightly", selection, executor_def=dg.in_process_executor)
    return dg.Definitions(
        assets=[*stream_tables(settings.lake), *assets], asset_checks=chosen, jobs=[job]
    )


def run(built, job="nightly"):
    return built.resolve_job_def(job).execute_in_process(raise_on_error=False)


def results(ran):
    return {
        (one.asset_key.path[-1], one.check_name): one for one in ran.get_asset_check_evaluations()
    }


@dg.asset(key=["marts", "fct_alerts"], deps=[["lake", "alerts"]])
def fct_alerts() -> None:
    """Built on alerts."""


@dg.asset(key=["marts", "alert_load"], deps=[["marts", "fct_alerts"]])
def alert_load() -> None:
    """Built on what is built on alerts."""


@dg.asset(key=["marts", "census"], deps=[["lake", "encounter_events"]])
def census() -> None:
    """Built on another table."""


@pytest.fixture
def settings(hospital, tmp_path):
    return hospital.copy(tmp_path).settings


@pytest.fixture
def lake(hospital, settings):
    return Lake.open(settings.lake, create=False)


def made(ran):
    return {event.step_key for event in ran.get_step_success_events()}


def test_every_table_has_every_family_of_checks_and_the_ledger_equation():
    keys = definitions(Settings(lake=Path("a-lake"))).resolve_asset_graph().asset_check_keys
    for name in TABLES:
        own = {key.name for key in keys if key.asset_key == dg.AssetKey(["lake", name])}
        assert own >= {"schema", "values", "volume_and_lateness", "ledger_equation"}
    ranged = {key.asset_key.path[-1] for key in keys if key.name == "units_and_ranges"}
    assert ranged == {"observations", "scores", "alerts"}


def test_what_breaks_a_contract_blocks_and_what_is_unusual_warns():
    for one in checks(Settings(lake=Path("a-lake"))):
        for spec in one.check_specs:
            assert spec.blocking is (spec.name != "volume_and_lateness")
            assert spec.description


def test_definitions_load_with_the_stream_tables_and_touch_nothing(tmp_path):
    lake = tmp_path / "lake"
    built = dg.Definitions.merge(
        definitions(Settings(lake=lake)), dg.Definitions(assets=stream_tables(lake))
    )
    dg.Definitions.validate_loadable(built)
    assert built.resolve_job_def("quality")
    assert not lake.exists()


def test_failed_rows_is_an_asset_that_tells_its_grain_and_columns():
    graph = definitions(Settings(lake=Path("a-lake"))).resolve_asset_graph()
    node = graph.get(dg.AssetKey(["quality", "failed_rows"]))
    assert node.group_name == "quality"
    assert node.owners == ["team:data-quality"]
    assert "Grain: one row that failed" in node.description
    assert "Source:" in node.description
    assert node.metadata["dagster/column_schema"].columns


def test_a_clean_lake_passes_and_what_is_built_on_it_is_made(settings):
    ran = run(build(settings, fct_alerts, alert_load))
    assert ran.success
    assert all(one.passed for one in results(ran).values())
    assert {"marts__fct_alerts", "marts__alert_load"} <= made(ran)
    shown = results(ran)["alerts", "values"].metadata
    assert shown["failed"].value == 0
    assert shown["rows looked at"].value > 0
    assert any(
        event.asset_key == dg.AssetKey(["quality", "failed_rows"])
        for event in ran.get_asset_materialization_events()
    )


def test_a_broken_contract_holds_back_what_depends_on_it_and_nothing_else(settings, lake):
    change(lake, ALERTS, "true", severity="'dire'")
    ran = run(build(settings, fct_alerts, alert_load, census, only=("quality_of_alerts",)))
    assert not ran.success
    assert not {"marts__fct_alerts", "marts__alert_load"} & made(ran)
    assert "marts__census" in made(ran)
    found = results(ran)
    assert not found["alerts", "values"].passed
    assert found["alerts", "values"].severity == dg.AssetCheckSeverity.ERROR
    assert found["alerts", "schema"].passed
    assert found["alerts", "units_and_ranges"].passed


def test_a_failing_check_says_which_rows_and_how_to_see_them_and_no_value(settings, lake):
    broken = change(lake, ALERTS, "true", severity="'dire'")
    one = results(run(build(settings, only=("quality_of_alerts",))))["alerts", "values"]
    shown = {name: str(value.value) for name, value in one.metadata.items()}
    assert one.metadata["failed"].value == broken.num_rows
    places = {str(value) for value in broken["offset"].to_pylist()}
    assert places & set(re.findall(r"\d+", shown["first failed rows"]))
    assert "pulsehouse sql" in shown["all failed rows"]
    assert "severity_is_a_known_one" in one.description
    patients = set(broken["patient_id"].to_pylist()) | set(broken["encounter_id"].to_pylist())
    told = set(re.findall(r"[\w-]+", f"{shown} {one.description}"))
    assert "dire" not in told
    assert not (patients - places) & told


def test_a_lost_message_holds_back_everything_that_is_built_on_the_tables(settings, lake):
    take_away(lake, RAW_MESSAGES, '"offset" = 20')
    ran = run(build(settings, fct_alerts, census, only=("ledger_equation",)))
    assert not ran.success
    assert not {"marts__fct_alerts", "marts__census"} & made(ran)
    one = results(ran)["raw_messages", "ledger_equation"]
    assert not one.passed
    assert one.metadata["imbalances"].value >= 1
    assert "missing_message" in one.metadata["first imbalances"].value
    assert "pulsehouse sql --identified" in one.metadata["first imbalances"].value


def test_the_books_are_shown_by_what_became_of_the_messages(settings, lake):
    ran = run(build(settings, only=("ledger_equation",)))
    shown = results(ran)["raw_messages", "ledger_equation"].metadata
    with connect(lake) as connection:
        messages = connection.sql("select count(*) from raw_messages").fetchall()[0][0]
    assert shown["journaled"].value == messages
    assert shown["pending"].value == 0


def test_a_lake_that_is_not_there_fails_the_check_and_is_not_made(tmp_path):
    settings = Settings(lake=tmp_path / "nowhere")
    ran = run(build(settings, only=("quality_of_alerts",)))
    assert not ran.success
    assert not settings.lake.exists()


def test_one_family_alone_can_be_run(settings):
    only = [one for one in checks(settings) if one.op.name == "quality_of_observations"]
    key = dg.AssetCheckKey(dg.AssetKey(["lake", OBSERVATIONS.name]), "schema")
    job = dg.define_asset_job("one", dg.AssetSelection.checks(key))
    built = dg.Definitions(assets=stream_tables(settings.lake), asset_checks=only, jobs=[job])
    assert set(results(run(built, "one"))) == {("observations", "schema")}
