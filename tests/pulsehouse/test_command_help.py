"""Help, version and typing mistakes of the command."""

import re
import subprocess
import sys

import pytest

COMMANDS = ("demo", "render", "replay", "sql", "explain", "score", "status", "bench")


def test_help_lists_every_command_and_says_what_this_is_not(command):
    done = command("--help")
    assert done.code == 0
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", done.out)] == []
    assert "Not a medical device" in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_an_example_of_it(command, name):
    done = command(name, "--help")
    assert done.code == 0
    assert f"Example: pulsehouse {name}" in done.out


def test_version_is_one_line_on_stdout(command):
    done = command("--version")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"pulsehouse \S+.*\n", done.out)


def test_nothing_typed_shows_help_and_is_a_usage_error(command):
    done = command()
    assert done.code == 2
    assert "Commands" in done.out


def test_a_mistyped_command_is_answered_with_the_nearest(command):
    done = command("statsu")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert "'status'" in done.err


@pytest.mark.parametrize(
    "typed",
    [("replay", "x.hl7"), ("explain",), ("bench", "--fast")],
)
def test_what_cannot_be_understood_is_one_error_line_and_a_way_to_help(command, typed):
    done = command(*typed)
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["error", "help"]
    assert lines[1].endswith(f"{typed[0]} --help")


def test_no_colour_reaches_a_pipe(command):
    assert "\x1b" not in command("--help", FORCE_COLOR="", NO_COLOR="1").out


def test_the_command_is_imported_without_the_rooms_behind_it():
    probe = (
        "import sys, pulsehouse.command;"
        "sys.exit(any(name in sys.modules for name in"
        " ('pyarrow', 'duckdb', 'deltalake', 'bytewax', 'pydantic', 'dagster')))"
    )
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
