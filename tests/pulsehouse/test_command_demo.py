"""The demo and the rendering, as a person and a machine see them."""

import json

import pytest

from pulsehouse import rendering
from pulsehouse.failure import CommandError


@pytest.fixture(scope="module")
def shown(command, tmp_path_factory):
    lake = tmp_path_factory.mktemp("demo") / "demo-lake"
    return lake, command("demo", "--lake", lake)


def test_the_demo_ends_with_counts_a_story_and_what_to_try_next(shown):
    lake, done = shown
    assert done.code == 0, done.err
    for told in (
        "Not a medical device",
        "Messages by disposition",
        "Rows per table",
        "Alerts by rule",
        "Documentation lag",
        "Hours gained over the 02:00 job",
        f"--lake {lake}",
    ):
        assert told in done.out
    assert "\x1b" not in done.out


def test_alerts_are_told_in_words_without_their_patients(shown):
    _, done = shown
    alerts = [line for line in done.out.splitlines() if line.startswith(("CRITICAL", "HIGH"))]
    assert any("Suspected sepsis" in line for line in alerts)


def test_the_commands_to_try_next_work(command, shown):
    lake, done = shown
    words = next(line for line in done.out.splitlines() if " explain " in line).split()
    alert_id = words[words.index("explain") + 1]
    assert command("explain", alert_id, "--lake", lake).code == 0
    shown = command("status", "--lake", lake)
    assert shown.code == 0
    assert "Messages by disposition" in shown.out


def test_the_demo_again_adds_nothing_and_speaks_json(command, shown):
    lake, _ = shown
    done = command("demo", "--lake", lake, "--json")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["added"]["messages"] == 0
    assert found["hours_before_batch"]["alerts"] > 0
    assert found["story_alert_id"].endswith("-sepsis")


def test_a_rendering_that_cannot_be_is_a_usage_error(command):
    done = command("render", "mimic4", ".", "out.hl7")
    assert (done.code, done.out) == (2, "")
    assert "nearest: mimic3" in done.err


@pytest.mark.parametrize(
    ("source", "tables", "align", "told"),
    [("mimic3", "none", None, "no file or directory"), ("mimic3", ".", "soon", "not a date")],
)
def test_what_a_rendering_needs_is_checked_first(tmp_path, source, tables, align, told):
    with pytest.raises(CommandError, match=told):
        rendering.run(
            source, tmp_path / tables, tmp_path / "out", align=align, days=None, as_json=True
        )


def test_tables_that_are_none_are_one_error_line(command, tmp_path):
    done = command("render", "mimic3", tmp_path, tmp_path / "out.hl7")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")


def test_stays_are_rendered_and_counted(command, tmp_path, shared_data):
    out = tmp_path / "stays.hl7"
    done = command(
        "render", "physionet2019", shared_data / "icu_physionet2019" / "loose", out, "--json"
    )
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["messages"] > found["patients"] > 0
    assert out.read_bytes().startswith(b"FHS|")
