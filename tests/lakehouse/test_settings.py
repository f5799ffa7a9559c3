"""Settings: defaults, file, environment, and nothing unknown."""

from pathlib import Path

import pytest

from lakehouse.errors import SettingsError
from lakehouse.settings import Settings


@pytest.fixture
def file(tmp_path):
    return tmp_path / "pulsehouse.toml"


def test_defaults_work_without_file_or_environment(file):
    settings = Settings.load(file, {})
    assert (settings.lake, settings.batch_hour, settings.hospital_zone) == (Path("lake"), 2, "UTC")
    assert settings.feeds.name == "feeds"


def test_environment_wins_over_the_file(file):
    file.write_text('lake = "/srv/lake"\nepoch_seconds = 0.5\n')
    settings = Settings.load(file, {"PULSEHOUSE_LAKE": "/data/lake", "HOME": "/root"})
    assert (settings.lake, settings.epoch_seconds) == (Path("/data/lake"), 0.5)


def test_unknown_key_of_the_file_names_the_nearest(file):
    file.write_text("epoch_second = 1\n")
    with pytest.raises(
        SettingsError, match=r"`epoch_second`.*nearest is `epoch_seconds`"
    ) as caught:
        Settings.load(file, {})
    assert caught.value.exit_code == 2


def test_unknown_key_of_the_environment_names_the_nearest(file):
    with pytest.raises(SettingsError, match=r"`batch_hours`.*nearest is `batch_hour`"):
        Settings.load(file, {"PULSEHOUSE_BATCH_HOURS": "3"})


def test_name_of_the_shared_data_is_no_setting(file):
    assert Settings.load(file, {"PULSEHOUSE_SHARED_DATA": "/data"}) == Settings.load(file, {})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("BATCH_HOUR", "24"),
        ("BATCH_HOUR", "-1"),
        ("BATCH_HOUR", "two"),
        ("EPOCH_SECONDS", "0"),
        ("EPOCH_SECONDS", "nan"),
        ("BATCH_MESSAGES", "0"),
        ("HOSPITAL_ZONE", "Mars/Olympus"),
        ("HOSPITAL_ZONE", "../etc"),
    ],
)
def test_value_out_of_range_names_its_key(file, key, value):
    with pytest.raises(SettingsError, match=f"setting `{key.lower()}` cannot be"):
        Settings.load(file, {f"PULSEHOUSE_{key}": value})


def test_file_that_is_no_toml_is_refused(file):
    file.write_text("lake = \n")
    with pytest.raises(SettingsError, match=r"pulsehouse\.toml"):
        Settings.load(file, {})
