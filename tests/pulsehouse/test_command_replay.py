"""Replays by the command: counts, repeats, and every kind of bad input."""

import gzip
import json
import os
import signal
import subprocess
import sys

import pytest

from pulsehouse.deployment import speed_of
from pulsehouse.failure import CommandError

TABLES = {"observations", "encounter_events", "medication_events", "scores", "raw_messages"}


def _replay(command, lake, *paths, feed="mimic3", options=()):
    return command("replay", *paths, "--feed", feed, "--lake", lake, *options)


def _one_line(err):
    return [line for line in err.splitlines() if line.startswith(("error: ", "Traceback"))]


def test_json_is_all_of_stdout_and_its_counts_balance(filled):
    _, done = filled
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert set(found) == {
        *("messages", "parsed", "skipped", "quarantined", "duplicate"),
        *("rows", "scores", "alerts", "seconds"),
    }
    parts = ("parsed", "skipped", "quarantined", "duplicate")
    assert found["messages"] == sum(found[name] for name in parts) == 4_000
    assert set(found["rows"]) >= TABLES
    assert found["scores"] == found["rows"]["scores"] > 0
    assert found["alerts"] == found["rows"]["alerts"] > 0


def test_the_same_file_again_adds_nothing(command, filled, messages_file):
    lake, _ = filled
    done = _replay(command, lake, messages_file, options=("--json",))
    assert done.code == 0
    found = json.loads(done.out)
    assert (found["messages"], found["rows"], found["alerts"]) == (0, {}, 0)


def test_a_directory_stands_for_its_message_files(command, tmp_path, messages_file):
    folder = tmp_path / "feed"
    folder.mkdir()
    messages = messages_file.read_bytes().split(b"\rMSH|")
    (folder / "a.hl7").write_bytes(b"\rMSH|".join(messages[:20]) + b"\r")
    (folder / "b.hl7.gz").write_bytes(
        gzip.compress(b"MSH|" + b"\rMSH|".join(messages[20:50]) + b"\r")
    )
    (folder / "notes.md").write_text("no messages")
    done = _replay(command, tmp_path / "lake", folder, options=("--json",))
    assert json.loads(done.out)["messages"] == 50


def test_without_json_a_person_reads_what_was_added(command, tmp_path, messages_file):
    few = tmp_path / "few.hl7"
    few.write_bytes(b"\rMSH|".join(messages_file.read_bytes().split(b"\rMSH|")[:10]) + b"\r")
    done = _replay(command, tmp_path / "lake", few)
    assert done.code == 0
    assert "Rows added" in done.out


def test_a_truncated_file_keeps_what_is_whole_and_quarantines_its_end(
    command, tmp_path, messages_file
):
    cut = tmp_path / "cut.hl7"
    whole = b"\rMSH|".join(messages_file.read_bytes().split(b"\rMSH|")[:30]) + b"\r"
    cut.write_bytes(whole[:-40])
    found = json.loads(_replay(command, tmp_path / "lake", cut, options=("--json",)).out)
    assert found["messages"] == 30
    assert found["parsed"] + found["skipped"] >= 29


def test_a_gzip_that_breaks_off_keeps_what_came_before_and_says_so(
    command, tmp_path, messages_file
):
    broken = tmp_path / "broken.hl7.gz"
    broken.write_bytes(gzip.compress(messages_file.read_bytes())[:60_000])
    done = _replay(command, tmp_path / "lake", broken, options=("--json",))
    assert done.code == 3
    assert "warning: broken.hl7.gz: the gzip stream breaks off" in done.err
    assert json.loads(done.out)["messages"] > 10


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 not a message\n" * 20, "nothing to replay"),
        ("MSH|^~\\&|LAB\r".encode("utf-16"), "in UTF-16, which is not read; make it UTF-8 first"),
    ],
    ids=["empty", "not HL7", "UTF-16"],
)
def test_a_file_without_messages_is_one_error_line(command, tmp_path, content, told):
    file = tmp_path / "bad.hl7"
    file.write_bytes(content)
    done = _replay(command, tmp_path / "lake", file)
    assert (done.code, done.out) == (1, "")
    (line,) = _one_line(done.err)
    assert told in line


def test_an_unknown_feed_is_a_usage_error_and_leaves_no_lake(command, tmp_path, messages_file):
    done = _replay(command, tmp_path / "lake", messages_file, feed="mimc3")
    assert (done.code, done.out) == (2, "")
    assert "nearest: mimic3" in done.err
    assert not (tmp_path / "lake").exists()


def test_a_directory_of_feeds_without_profiles_is_a_usage_error(command, tmp_path, messages_file):
    done = command(
        *("replay", messages_file, "--feed", "mimic3", "--lake", tmp_path / "lake"),
        PULSEHOUSE_FEEDS=str(tmp_path),
    )
    assert done.code == 2
    assert "holds no profile" in done.err


@pytest.mark.parametrize("make", [False, True], ids=["missing file", "directory without messages"])
def test_a_path_with_nothing_to_replay_is_a_usage_error(command, tmp_path, make):
    if make:
        (tmp_path / "here").mkdir()
    done = _replay(command, tmp_path / "lake", tmp_path / "here")
    assert (done.code, done.out) == (2, "")
    assert len(_one_line(done.err)) == 1


def test_a_lake_that_takes_no_files_is_one_error_line(command, tmp_path, messages_file):
    (tmp_path / "lake").write_text("a file where a directory should be")
    done = _replay(command, tmp_path / "lake", messages_file)
    assert (done.code, done.out) == (1, "")
    (line,) = _one_line(done.err)
    assert "cannot write to the lake directory" in line


def test_a_lake_of_another_version_needs_recovery(command, tmp_path, messages_file):
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / "pulsehouse.json").write_text('{"lake_version": 99, "created_by": "pulsehouse 9"}')
    done = _replay(command, lake, messages_file)
    assert (done.code, done.out) == (4, "")
    (line,) = _one_line(done.err)
    assert "version 99" in line


def test_a_speed_that_is_none_is_a_usage_error(command, tmp_path, messages_file):
    done = _replay(command, tmp_path / "lake", messages_file, options=("--speed", "fast"))
    assert done.code == 2


@pytest.mark.parametrize("speed", ["0x", "-1x", "infx", "nanx", ""])
def test_a_speed_is_a_finite_multiple_above_zero(speed):
    with pytest.raises(CommandError, match="neither"):
        speed_of(speed)
    assert (speed_of("max"), speed_of("60x"), speed_of("0.5x")) == (None, 60.0, 0.5)


def test_the_traceback_is_shown_only_with_debug(command, tmp_path):
    empty = tmp_path / "empty.hl7"
    empty.touch()
    assert "Traceback" not in _replay(command, tmp_path / "lake", empty).err
    assert "Traceback" in _replay(command, tmp_path / "lake", empty, options=("--debug",)).err


def test_an_interrupt_says_how_to_go_on_and_loses_nothing(command, tmp_path, messages_file):
    lake = tmp_path / "lake"
    typed = ["replay", str(messages_file), "--feed", "mimic3", "--lake", str(lake)]
    process = subprocess.Popen(
        [sys.executable, "-m", "pulsehouse", *typed, "--speed", "20000x"],
        env={k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests themselves run in the background of a shell, it has interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 no threads
    )
    _wait_for((lake / "raw_messages" / "_delta_log"), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=90)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith("interrupted;")
    again = json.loads(command(*typed, "--json").out)
    assert 0 < again["messages"] < 4_000
    counted = command(
        *("sql", "select count(*) as n from raw_messages", "--identified", "--json", "--lake", lake)
    )
    assert json.loads(counted.out) == [{"n": 4_000}]


def _wait_for(path, process):
    while not path.exists():
        assert process.poll() is None
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
