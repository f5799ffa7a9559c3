"""The doctor and a torn journal: it says so, salvages what is whole, and tells what is lost."""

import json
from pathlib import Path

import pytest

from lakehouse.lake import Lake
from lakehouse.losses import losses
from streaming.inbox.journal_files import NAME
from tests.streaming.inbox.journaling import FEED, arrivals, opened

COUNT = 300
PAGE = 4096
LEAF = 0x0D


@pytest.fixture
def torn(tmp_path: Path) -> Path:
    """A lake that has taken nothing yet, and whose journal has lost its first page of messages."""
    root = tmp_path / "lake"
    Lake.open(root, create=True)
    journal = opened(root / "journal")
    journal.put(arrivals(COUNT, size=200))
    journal.close()
    path = root / "journal" / NAME
    content = bytearray(path.read_bytes())
    leaves = [n for n in range(4, len(content) // PAGE) if content[n * PAGE] == LEAF]
    content[leaves[0] * PAGE : (leaves[0] + 1) * PAGE] = bytes(PAGE)
    path.write_bytes(content)
    return root


def test_a_torn_journal_is_found_planned_and_mended(command, torn: Path) -> None:
    assert command("doctor", "--lake", torn).code == 3
    planned = command("doctor", "--repair", "--dry-run", "--lake", torn)
    assert planned.code == 3
    assert "the journal is torn" in planned.out
    mended = command("doctor", "--repair", "--lake", torn)
    assert mended.code == 0, mended.err
    assert "moved aside to" in mended.out
    after = command("doctor", "--lake", torn, "--json")
    assert json.loads(after.out)["findings"] == []


def test_what_no_page_gives_is_written_down_and_is_an_alarm(command, torn: Path) -> None:
    command("doctor", "--repair", "--lake", torn)
    lake = Lake.open(torn, create=False)
    rows = losses(lake).to_pylist()
    assert {(row["feed"], row["partition"], row["reason"]) for row in rows} == {
        (FEED, 1_000, "journal_lost")
    }
    asked = "select kind, subject from operations.alarms"
    told = command("sql", asked, "--lake", torn, "--json")
    assert json.loads(told.out) == [{"kind": "messages_lost", "subject": FEED}]


def test_mending_twice_changes_nothing(command, torn: Path) -> None:
    command("doctor", "--repair", "--lake", torn)
    again = command("doctor", "--repair", "--lake", torn)
    assert (again.code, again.out) == (0, "nothing to mend\n")
