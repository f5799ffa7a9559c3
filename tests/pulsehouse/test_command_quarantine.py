"""The quarantine by the command: counts without content, one message audited, replays once."""

import base64
import io
import json
import shutil
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import audit
from lakehouse.alarms import raise_alarm
from lakehouse.errors import LakeNotFoundError
from pulsehouse.command import app
from pulsehouse.quarantine_bytes import SCREEN_BYTES, lines_of, stops_at, visible
from tests.pulsehouse.conftest import run_command
from tests.streaming.quarantined import FEED, MENDED, NARROW, Ward, oru

NAUGHTY = oru("B\x1b[31m[bold]9").replace(b"7^^^WARD^MR", "||Zoë\u202e".encode())


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A lake with three reasons in quarantine; one message comes from a file's partition."""
    ward = Ward(tmp_path_factory.mktemp("kept") / "lake")
    ward.received(oru("1"), oru("2", 3), oru("1", 2), NAUGHTY)
    ward.streamed(NARROW)
    return ward


@pytest.fixture
def ward(kept, tmp_path):
    return Ward(Path(shutil.copytree(kept.root, tmp_path / "lake")))


def quarantine(ward, *words):
    """The command as a process."""
    return run_command("quarantine", *words, "--lake", ward.root)


def told(ward, *words):
    """The JSON of the command, in this process."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = app(
            ["quarantine", *words, "--lake", str(ward.root), "--json"], standalone_mode=False
        )
    assert code == 0
    return json.loads(said.getvalue())


def test_list_counts_by_reason_and_names_places_without_content(kept):
    found = told(kept, "list")
    assert {(row["stage"], row["reason"], row["messages"]) for row in found["reasons"]} == {
        ("decode", "too_many_segments", 1),
        ("admit", "control_id_conflict", 1),
        ("decode", "no_patient", 1),
    }
    assert [row["place"] for row in found["messages"]] == [f"{FEED}/1000/{n}" for n in (3, 2, 1)]
    assert "Zo" not in json.dumps(found)
    assert audit.entries(kept.lake) == []


def test_list_on_a_screen_draws_nothing_that_a_sender_chose(kept):
    done = quarantine(kept, "list")
    assert done.code == 0
    assert "\\x1b[31m[bold]9" in done.out
    assert "\x1b" not in done.out


def test_feed_and_reason_narrow_the_list(kept):
    found = told(kept, "list", "--reason", "no_patient")
    assert [row["reason"] for row in found["messages"]] == ["no_patient"]
    assert told(kept, "list", "--feed", "mimic3")["messages"] == []


def test_list_tells_what_became_of_a_replay(ward):
    ward.replayed(MENDED, reason="too_many_segments")
    assert told(ward, "list", "--reason", "too_many_segments")["messages"][0]["state"] == "waiting"
    ward.streamed(MENDED)
    (row,) = told(ward, "list", "--reason", "too_many_segments")["messages"]
    assert row["state"] == "understood"
    assert row["replayed_by"] == {
        "place": f"{FEED}/1000/4", "disposition": "parsed", "reason": None,
    }  # fmt: skip


def test_show_prints_a_message_safely_and_is_audited(ward):
    done = quarantine(ward, "show", f"{FEED}/1000/3")
    assert done.code == 0, done.err
    assert "decode: no_patient" in done.out
    assert "Zoë\\u202e" in done.out
    assert "\x1b" not in done.out
    (entry,) = audit.entries(ward.lake)
    assert (entry["surface"], entry["tables"]) == ("quarantine", ["raw_messages"])


def test_show_as_json_has_every_byte(ward):
    found = told(ward, "show", f"{FEED}/1000/3")
    assert base64.b64decode(found["raw"]) == NAUGHTY
    assert (found["stage"], found["reason"], found["bytes"]) == (
        "decode", "no_patient", len(NAUGHTY),
    )  # fmt: skip


def test_show_of_what_is_not_in_quarantine_is_a_usage_error(ward):
    done = quarantine(ward, "show", f"{FEED}/1000/0")
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1


def test_replay_puts_each_message_once_and_says_what_is_to_be_expected(ward):
    dry = told(ward, "replay", "--dry-run")
    found = told(ward, "replay")
    assert (dry["dry_run"], found["dry_run"]) == (True, False)
    assert dry["put"] == found["put"] == 3
    assert found["clear"] == 2
    assert told(ward, "replay")["waiting"] == 3
    ward.streamed(MENDED)
    assert len(ward.messages()) == 7


def test_replay_on_a_screen_says_what_to_do(ward):
    first = quarantine(ward, "replay")
    assert "put into the inbox: 3, of which the profiles understand 2 now" in first.out
    assert "in the inbox already, and not in the tables yet: 3" in quarantine(ward, "replay").out


@pytest.mark.parametrize("words", [["list"], ["replay"], ["replay", "--dry-run"]])
def test_a_lake_that_is_not_there_is_named_and_not_made(tmp_path, words):
    with pytest.raises(LakeNotFoundError, match="no lake at"):
        told(Ward(tmp_path / "nowhere"), *words)
    assert not (tmp_path / "nowhere").exists()


def test_status_shows_open_alarms_and_what_waits_in_the_journal(ward):
    ward.received(oru("8"), oru("9"))
    raise_alarm(ward.lake, "feed_silent", FEED, "look at its sender", datetime.now(UTC))
    done = run_command("status", "--lake", ward.root, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["pending"] == [{"feed": FEED, "pending": 2}]
    assert [(row["kind"], row["detail"]) for row in found["alarms"]] == [
        ("feed_silent", "look at its sender")
    ]
    assert found["losses"] == []
    shown = run_command("status", "--lake", ward.root).out
    assert "Open alarms" in shown
    assert "look at its sender" in shown


@pytest.mark.parametrize(
    ("raw", "reason", "byte", "line"),
    [
        (b"MSH|1\rPID|\0", "nul_byte", 10, 2),
        (b"MSH|1\rPID|\xff|", "bad_charset", 10, 2),
        (b"MSH|1\r\nPID|\r\nMSH|2", "several_msh", 13, 3),
        (b'{"a": 1,\n "b": }', "not_json", 15, 2),
        (b"XYZ", "no_msh", 0, 1),
        (b"MSH|1\rPID|", "no_patient", None, None),
        (b"MSH|1", "nul_byte", None, None),
    ],
)
def test_the_place_at_which_a_message_cannot_be_read(raw, reason, byte, line):
    expected = None if byte is None else {"byte": byte, "line": line}
    assert stops_at(raw, reason) == expected


def test_bytes_are_read_in_the_character_set_that_the_message_declares():
    latin = b"MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.5||||||8859/1\rPID|\xe4"
    assert stops_at(latin, "bad_charset") is None
    assert stops_at(latin.replace(b"8859/1", b"UNICODE UTF-8"), "bad_charset") is not None


@given(st.binary(max_size=200))
def test_what_is_drawn_of_any_bytes_has_no_control_and_no_format(raw):
    for line in lines_of(raw):
        assert line.isprintable() or all(c.isprintable() or c.isspace() for c in line)
        assert visible(line) == line


def test_of_a_long_message_the_screen_has_the_beginning():
    lines = list(lines_of(b"x" * (SCREEN_BYTES + 5)))
    assert lines == ["x" * SCREEN_BYTES, "... 5 more bytes: --json has them all"]
