"""The replays in Dagster: a blocking proof, a record with charts, and a backfill by Pipes."""

from pathlib import Path

import dagster as dg
import pytest

from lakehouse.cuts import cut
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import SCORES, TABLES
from orchestration.replays.assets import ARRIVAL, BACKFILL, CHECK, EFFECTIVE, LATE, definitions
from tests.orchestration.replays.test_arrival import rewrite
from tests.orchestration.replays.ward import ILL, WELL, Ward
from tests.streaming.feeds import contents


@pytest.fixture
def stored(tmp_path: Path) -> Settings:
    """The settings of a lake with a rise that was charted late."""
    ward = Ward()
    for patient in ("1", "2"):
        ward.charted(patient, WELL, "09:00")
        ward.charted(patient, ILL, "10:00", "11:30")
    return Settings(lake=ward.lake(tmp_path).root)


def ran(
    settings: Settings, *keys: dg.AssetKey, config: dict[str, object] | None = None
) -> dg.ExecuteInProcessResult:
    made = definitions(settings)
    chosen = [asset for asset in made.assets or () if set(keys) & set(asset.keys)]
    return dg.materialize(
        chosen,
        resources=dict(made.resources or {}),
        run_config=None if config is None else {"ops": config},
        raise_on_error=False,
    )


def shown(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, dg.MetadataValue]:
    (event,) = result.asset_materializations_for_node(_node(result, key))[:1] or [None]
    assert event is not None
    return dict(event.metadata)


def _node(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> str:
    return next(
        e.node_name or e.step_key or ""
        for e in result.all_events
        if e.is_step_materialization and e.asset_key == key
    )


def test_definitions_load_and_touch_nothing(tmp_path: Path) -> None:
    made = definitions(Settings(lake=tmp_path / "lake"))
    dg.Definitions.validate_loadable(made)
    assert not (tmp_path / "lake").exists()
    specs = [spec for asset in made.assets or () for spec in asset.specs]
    assert {spec.key for spec in specs} == {ARRIVAL, EFFECTIVE, LATE, BACKFILL}
    for spec in specs:
        assert (spec.group_name, list(spec.owners)) == ("replays", ["team:data-engineering"])
        assert spec.kinds
        assert spec.tags
        assert "Grain: " in (spec.description or "")
        assert "Source: " in (spec.description or "")
        assert "dagster/column_schema" in spec.metadata


def test_an_equal_replay_lets_the_record_be_made(stored: Settings) -> None:
    result = ran(stored, ARRIVAL, EFFECTIVE)
    assert result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.blocking) == (CHECK, True, True)
    record = shown(result, EFFECTIVE)
    assert record["dagster/row_count"].value > 0
    lateness = [m for m in result.get_asset_materialization_events() if m.asset_key == LATE]
    metadata = lateness[0].materialization.metadata
    assert "data:image/png;base64," in str(metadata["late_by_hour"].value)
    assert "documentation_lag" in str(metadata["causes"].value)


def test_a_replay_that_differs_stops_the_record_and_shows_where(stored: Settings) -> None:
    change = "select * replace (coalesce(observed, 0) + 1 as observed) from stored"
    rewrite(stored.lake, change)
    result = ran(stored, ARRIVAL, EFFECTIVE)
    assert not result.success
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR
    where = str(check.metadata["where"].value)
    assert "`scores`" in where
    assert "`mimic3`" in where
    assert "`observed`" in where
    assert not [m for m in result.get_asset_materialization_events() if m.asset_key == EFFECTIVE]


def test_rows_of_other_rules_are_a_warning_and_no_proof(stored: Settings) -> None:
    rewrite(stored.lake, "select * replace ('older' as rules_version) from stored")
    (check,) = ran(stored, ARRIVAL).get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "other rules" in (check.description or "")


def test_a_backfill_is_started_by_pipes_and_tells_what_it_did(
    stored: Settings, tmp_path: Path
) -> None:
    into = tmp_path / "again"
    result = ran(stored, BACKFILL, config={"replays__backfill": {"config": {"into": str(into)}}})
    assert result.success
    told = shown(result, BACKFILL)
    assert told["messages"].value == 4
    assert told["transports"].value == "off"
    assert told["rules_version"].value in contents(into)[SCORES.name]["rules_version"].to_pylist()
    assert contents(into) == contents(stored.lake)
    assert set(TABLES) >= set(told["rows"].value)
    assert cut(Lake.open(into, create=False)).to_json() == told["cut"].value


def test_a_backfill_takes_the_days_as_they_are_written(stored: Settings, tmp_path: Path) -> None:
    chosen = {"into": str(tmp_path / "again"), "from": "2026-01-05", "to": "2026-01-05"}
    config: dict[str, object] = {"replays__backfill": {"config": chosen}}
    assert ran(stored, BACKFILL, config=config).success
    chosen["from"] = "yesterday"
    assert not ran(stored, BACKFILL, config=config).success


def test_a_lake_that_is_not_there_fails_and_is_not_made(tmp_path: Path) -> None:
    settings = Settings(lake=tmp_path / "nowhere")
    assert not ran(settings, ARRIVAL).success
    assert not settings.lake.exists()
