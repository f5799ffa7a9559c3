"""`pulsehouse config`: what is in force and from where, what is wrong, and a file of everything."""

import json
import os
import tomllib

import pytest

from lakehouse import setting_sources, setting_words
from lakehouse.settings import Settings
from pulsehouse import config_commands, config_file

HIDDEN_ONE = "pw-1234567"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "my.toml"


def test_show_says_of_each_setting_what_it_is_and_where_it_came_from(command, file):
    file.write_text('\nlake = "/srv/lake"\nbatch_hour = 3\n')
    done = command("config", "show", "--json", "--config", file, PULSEHOUSE_BATCH_HOUR="4")
    told = json.loads(done.out)
    rows = {row["name"]: (row["value"], row["source"], row["place"]) for row in told["settings"]}
    assert (done.code, told["file"], list(rows)) == (0, str(file), list(setting_words.fields()))
    assert rows["lake"] == ('"/srv/lake"', "file", f"{file}, line 2")
    assert rows["batch_hour"] == ("4", "environment", "the environment, PULSEHOUSE_BATCH_HOUR")
    assert rows["desk_port"] == ("9100", "default", None)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "JSON"])
def test_show_hides_secrets_and_says_that_they_are_set(command, file, form):
    file.write_text(
        f'desk_database = "postgresql://a:{HIDDEN_ONE}@h/d"\noidc_secret = "{HIDDEN_ONE}"\n'
        f'kafka_options = {{ "sasl.password" = "{HIDDEN_ONE}" }}\n'
    )
    done = command("--config", file, "config", "show", *form)
    assert HIDDEN_ONE not in done.out + done.err
    assert done.out.count(setting_words.HIDDEN) == 3


def test_check_finds_everything_and_leaves_with_3(command, file):
    file.write_text("batch_hour = 24\nepoch_second = 1\n")
    done = command("config", "check", f"--config={file}", PULSEHOUSE_LAKES="x")
    assert done.code == 3
    assert sorted(done.out.splitlines()) == [
        f"error: {file}, line 1: setting `batch_hour` cannot be 24:"
        " it takes a whole number from 0 to 23",
        f"error: {file}, line 2: unknown setting `epoch_second`; the nearest is `epoch_seconds`",
        "warning: the environment, PULSEHOUSE_LAKES: unknown setting `lakes`;"
        " the nearest is `PULSEHOUSE_LAKE`",
    ]


def test_check_of_what_can_be_used_leaves_with_0(command, file):
    file.write_text("batch_hour = 23\n")
    done = command("config", "check", PULSEHOUSE_CONFIG=str(file))
    assert (done.code, done.err) == (0, "")
    assert f"1 from {file}" in done.out


def test_any_command_refuses_a_mistyped_key_of_the_file(command, file):
    file.write_text('lakes = "x"\n')
    done = command("status", "--config", file)
    told = f"error: {file}, line 1: unknown setting `lakes`; the nearest is `lake`\n"
    assert (done.code, done.err) == (2, told)


def test_any_command_warns_of_a_mistyped_name_of_the_environment_and_goes_on(command, filled):
    lake, _ = filled
    done = command("status", "--json", PULSEHOUSE_LAKE=str(lake), PULSEHOUSE_LAKEE="x")
    assert (done.code, json.loads(done.out)["lake"]) == (0, str(lake))
    assert done.err == (
        "warning: the environment, PULSEHOUSE_LAKEE: unknown setting `lakee`;"
        " the nearest is `PULSEHOUSE_LAKE`\n"
    )


def test_file_that_is_named_and_not_there_is_a_usage_error(command, tmp_path):
    done = command("config", "check", "--config", tmp_path / "none.toml")
    assert (done.code, done.out) == (2, "")
    assert "no settings file" in done.err


def test_new_writes_a_file_that_changes_nothing(command, file):
    done = command("config", "new", file, "--json")
    assert (done.code, json.loads(done.out)["file"]) == (0, str(file))
    assert file.read_text() == config_file.text()
    assert Settings.load(file, {}) == Settings.load(file.with_name("none"), {})


def test_new_leaves_a_file_that_is_there_as_it_is(command, file):
    file.write_text("batch_hour = 3\n")
    done = command("config", "new", file)
    assert (done.code, file.read_text()) == (2, "batch_hour = 3\n")
    assert "was left as it is" in done.err


def test_dry_run_prints_the_file_and_writes_none(command, file):
    done = command("config", "new", file, "--dry-run")
    assert (done.code, done.out.strip()) == (0, config_file.text().strip())
    assert not file.exists()


def test_every_line_of_the_new_file_can_be_taken_in(file):
    lines = config_file.text().splitlines()
    file.write_text("\n".join(line[1:] for line in lines if line[:1] == "#" and line[1:2] != " "))
    assert list(tomllib.loads(file.read_text())) == list(setting_words.fields())
    taken, defaults = Settings.load(file, {}), Settings.load(file.with_name("none"), {})
    changed = {
        name
        for name, field in setting_words.fields().items()
        if getattr(taken, name) != getattr(defaults, name)
    }
    assert changed == {n for n, field in setting_words.fields().items() if field.examples}


def test_variable_of_the_option_is_the_one_that_is_read():
    assert config_commands.VARIABLE == setting_sources.VARIABLE


@pytest.mark.parametrize("words", [["status", "--config"], ["status", "--configs", "x"]])
def test_option_without_a_file_is_left_for_the_parser(words):
    before = dict(os.environ)
    assert config_commands.taken_out(words) == words
    assert dict(os.environ) == before
