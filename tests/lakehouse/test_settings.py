"""Settings: defaults, file, environment, and nothing unknown."""

import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import setting_words
from lakehouse.errors import SettingsError
from lakehouse.setting_groups import GROUPS
from lakehouse.settings import Settings, SettingsWarning

NAMES = list(setting_words.fields())
PORTS = [
    name
    for name, field in setting_words.fields().items()
    if setting_words.takes(field) == "a whole number from 0 to 65,535"
]


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


@given(
    in_file=st.dictionaries(st.sampled_from(PORTS), st.integers(0, 65_535)),
    in_environment=st.dictionaries(st.sampled_from(PORTS), st.integers(0, 65_535)),
)
def test_environment_goes_before_the_file_and_the_file_before_the_default(
    tmp_path_factory, in_file, in_environment
):
    file = tmp_path_factory.mktemp("settings") / "pulsehouse.toml"
    file.write_text("".join(f"{name} = {value}\n" for name, value in in_file.items()))
    environ = {f"PULSEHOUSE_{name.upper()}": str(value) for name, value in in_environment.items()}
    settings, reading, found = Settings.checked(file, environ)
    defaults = {name: setting_words.fields()[name].default for name in PORTS}
    assert settings is not None
    assert found == []
    assert {name: getattr(settings, name) for name in PORTS} == defaults | in_file | in_environment
    sources = {name: given.source for name, given in reading.given.items()}
    assert sources == dict.fromkeys(in_file, "file") | dict.fromkeys(in_environment, "environment")


def test_empty_variable_is_as_if_it_were_not_set(file):
    file.write_text('lake = "/srv/lake"\n')
    assert Settings.load(file, {"PULSEHOUSE_LAKE": ""}).lake == Path("/srv/lake")


def test_unknown_key_of_the_file_names_the_nearest_and_its_line(file):
    file.write_text("# first\nepoch_second = 1\n")
    with pytest.raises(
        SettingsError, match=r"toml, line 2: .*`epoch_second`.*nearest is `epoch_seconds`"
    ) as caught:
        Settings.load(file, {})
    assert caught.value.exit_code == 2


def test_unknown_name_of_the_environment_is_a_warning_that_names_the_nearest(file):
    with pytest.warns(SettingsWarning, match=r"PULSEHOUSE_BATCH_HOURS.*`PULSEHOUSE_BATCH_HOUR`"):
        settings = Settings.load(file, {"PULSEHOUSE_BATCH_HOURS": "3"})
    assert settings == Settings.load(file, {})


@pytest.mark.parametrize("name", ["PULSEHOUSE_SHARED_DATA", "PULSEHOUSE_FAILPOINT"])
def test_names_that_others_read_are_no_settings_and_no_typos(file, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Settings.load(file, {name: "x"}) == Settings.load(file, {})


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
    with pytest.raises(SettingsError, match=f"{key}: setting `{key.lower()}` cannot be"):
        Settings.load(file, {f"PULSEHOUSE_{key}": value})


def test_wrong_value_is_told_with_its_line_and_what_the_setting_takes(file):
    file.write_text('\nlake = "x"\nmllp = { a = 1 }\nbatch_hour = 24\n')
    with pytest.raises(SettingsError) as caught:
        Settings.load(file, {})
    told = "setting `batch_hour` cannot be 24: it takes a whole number from 0 to 23"
    assert str(caught.value) == f"{file}, line 4: {told}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = """\n[x]\nb = 1\n"""\nlakes = 2\n', 5),
        ("# lakes = 1\nlakes = [\n  1,\n  2,\n]\n", 2),
        ("\n\n[lakes]\nx = 1\n", 3),
        ("lake = 'x'\n\n\nlakes.x = 1", 4),
    ],
    ids=["after a text of lines", "list of lines", "table", "dotted, last line"],
)
def test_line_is_where_the_key_begins_however_it_is_written(file, text, line):
    file.write_text(text)
    _, _, found = Settings.checked(file, {})
    assert f"{file}, line {line}" in [fault.place for fault in found if fault.setting == "lakes"]


def test_every_fault_is_found_and_the_error_says_how_many_there_are(file):
    file.write_text("batch_hour = 24\nepoch_seconds = 0\nlakes = 1\n")
    _, _, found = Settings.checked(file, {})
    assert {fault.setting for fault in found} == {"batch_hour", "epoch_seconds", "lakes"}
    with pytest.raises(SettingsError, match=r"and 2 more: pulsehouse config check"):
        Settings.load(file, {})


@pytest.mark.parametrize("name", NAMES)
def test_true_is_no_value_of_any_setting(file, name):
    file.write_text(f"{name} = true\n")
    with pytest.raises(SettingsError, match=f"setting `{name}` cannot be"):
        Settings.load(file, {})


def test_secret_that_cannot_be_is_not_shown(file):
    file.write_text("oidc_secret = 1234567\nkafka_options = { 'sasl.password' = 7654321 }\n")
    _, _, found = Settings.checked(file, {})
    assert len(found) == 2
    assert not [fault for fault in found if "4567" in fault.told or "5432" in fault.told]


def test_secrets_are_not_in_the_text_of_the_settings(file):
    file.write_text('desk_database = "pw-one"\nkafka_options = { "sasl.password" = "pw-two" }\n')
    assert "pw-" not in repr(Settings.load(file, {}))


def test_file_that_is_no_toml_is_refused(file):
    file.write_text("lake = \n")
    with pytest.raises(SettingsError, match=r"pulsehouse\.toml.*line 1"):
        Settings.load(file, {})


def test_file_that_is_no_text_is_refused(file):
    file.write_bytes(b"lake = '\xff'\n")
    with pytest.raises(SettingsError, match=r"cannot read the settings"):
        Settings.load(file, {})


def test_file_that_the_environment_names_is_read(file):
    named = file.with_name("other.toml")
    named.write_text("batch_hour = 4\n")
    assert Settings.load(environ={"PULSEHOUSE_CONFIG": str(named)}).batch_hour == 4


def test_file_that_is_named_has_to_be_there(file):
    with pytest.raises(SettingsError, match=r"no settings file .*check the path"):
        Settings.load(environ={"PULSEHOUSE_CONFIG": str(file)})


def test_every_setting_stands_in_one_group():
    shown = [name for group in GROUPS for name in group.model_fields]
    assert sorted(shown) == sorted(Settings.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_example_of_a_setting_can_be_set(file, name):
    file.write_text(f"{name} = {setting_words.example(setting_words.fields()[name])}\n")
    assert Settings.load(file, {}).model_fields_set == {name}
