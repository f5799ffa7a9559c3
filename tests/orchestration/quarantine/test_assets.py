"""The replay out of quarantine in Dagster: started by Pipes, told by reason, and never twice."""

from pathlib import Path

import dagster as dg
import pytest

from lakehouse.settings import Settings
from orchestration.quarantine.assets import REPLAY, ReplayConfig, command, definitions
from tests.streaming.quarantined import FEED, MENDED, NARROW, Ward, oru


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    """A lake with two messages that a mended profile understands."""
    ward = Ward(tmp_path_factory.mktemp("ward") / "lake")
    ward.received(oru("1"), oru("2", 2), oru("3", 3))
    ward.streamed(NARROW)
    return ward


def ran(settings: Settings, **config: object) -> dg.ExecuteInProcessResult:
    made = definitions(settings)
    return dg.materialize(
        list(made.assets or ()),
        resources=dict(made.resources or {}),
        run_config={"ops": {"quarantine__replay": {"config": config}}},
        raise_on_error=False,
    )


def told(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = result.get_asset_materialization_events()
    return {name: shown.value for name, shown in event.materialization.metadata.items()}


def test_definitions_load_and_touch_nothing(tmp_path: Path) -> None:
    made = definitions(Settings(lake=tmp_path / "lake"))
    dg.Definitions.validate_loadable(made)
    assert not (tmp_path / "lake").exists()
    (spec,) = [spec for asset in made.assets or () for spec in asset.specs]
    assert (spec.key, spec.group_name) == (REPLAY, "quarantine")


def test_a_run_puts_each_message_once_and_shows_counts_by_reason(ward: Ward) -> None:
    dry = told(ran(ward.settings, dry_run=True))
    assert (dry["put"], dry["dry_run"]) == (2, True)
    shown = told(ran(ward.settings, feed=FEED))
    assert (shown["put"], shown["clear"], shown["dry_run"]) == (2, 2, False)
    assert shown["by_reason"][0]["reason"] == "too_many_segments"
    assert f"| {FEED} | decode | too_many_segments | 2 | 2 | 2 |" in shown["reasons"]
    again = told(ran(ward.settings))
    assert (again["put"], again["waiting"]) == (0, 2)
    ward.streamed(MENDED)
    assert [row[0] for row in ward.told()] == [
        "parsed", "quarantined", "quarantined", "parsed", "parsed",
    ]  # fmt: skip


def test_a_lake_that_is_not_there_fails_and_is_not_made(tmp_path: Path) -> None:
    settings = Settings(lake=tmp_path / "nowhere")
    assert not ran(settings).success
    assert not settings.lake.exists()


def test_the_command_names_what_was_chosen(tmp_path: Path) -> None:
    settings = Settings(lake=tmp_path)
    words = command(settings, ReplayConfig(feed="mimic3", reason="no_patient", dry_run=True))
    assert words[-3:] == ["--feed=mimic3", "--reason=no_patient", "--dry-run"]
