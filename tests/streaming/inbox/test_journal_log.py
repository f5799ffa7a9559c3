"""A log that is damaged before acknowledged messages is told from one that a power loss tore."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.inbox.journal_checking import journal_findings
from streaming.inbox.journal_faults import JournalDamagedError
from streaming.inbox.journal_files import NAME, log_of
from streaming.inbox.journal_log import is_damaged
from streaming.inbox.journal_pages import FRAME_HEADER, LOG_HEADER, PAGE_BYTES
from streaming.inbox.journal_salvage import salvage
from tests.streaming.inbox.journaling import arrivals, held, numbered, opened

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
STEP = FRAME_HEADER + PAGE_BYTES
GROUPS, EACH = 30, 4


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal as a kill leaves it: all messages are in the log, and nobody closed it."""
    place = tmp_path_factory.mktemp("open")
    journal = opened(place / "at-work")
    for group in range(GROUPS):
        journal.put(arrivals(EACH, EACH * group, size=700))
    left = place / "left"
    left.mkdir()
    for name in (NAME, log_of(Path(NAME)).name):
        shutil.copy(place / "at-work" / name, left / name)
    journal.close()
    return left


@pytest.fixture
def journal(crashed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crashed, tmp_path / "journal"))


def commits(content: bytes) -> list[int]:
    """Numbers of the frames that end a commit."""
    count = (len(content) - LOG_HEADER) // STEP
    at = (LOG_HEADER + STEP * number + 4 for number in range(count))
    return [number for number, place in enumerate(at) if any(content[place : place + 4])]


def flipped(log: Path, place: int) -> None:
    content = bytearray(log.read_bytes())
    content[place] ^= 4
    log.write_bytes(content)


def test_a_log_that_a_kill_left_is_whole(journal: Path) -> None:
    assert not is_damaged(log_of(journal / NAME))
    assert journal_findings(journal, None, {}) == []
    opened(journal).close()
    assert held(journal) == numbered(GROUPS * EACH)


@given(st.floats(0, 1, exclude_max=True))
def test_a_bit_before_the_last_commits_is_seen_wherever_it_is(crashed: Path, share: float) -> None:
    content = log_of(crashed / NAME).read_bytes()
    end = LOG_HEADER + STEP * (commits(content)[-3] + 1)
    place = crashed.parent / "bit"
    place.write_bytes(content)
    flipped(place, int(share * end))
    assert is_damaged(place)


@given(st.floats(0, 1, exclude_max=True))
def test_what_a_power_loss_tears_is_no_damage(crashed: Path, share: float) -> None:
    content = log_of(crashed / NAME).read_bytes()
    begin = LOG_HEADER + STEP * (commits(content)[-2] + 1)
    at = begin + int(share * (len(content) - begin))
    place = crashed.parent / "torn"
    for torn in (content[:at], content[:at] + bytes(min(STEP, len(content) - at))):
        place.write_bytes(torn)
        assert not is_damaged(place)


def test_no_log_and_hardly_a_log_are_no_damage(tmp_path: Path) -> None:
    assert not is_damaged(tmp_path / "none")
    for content in (b"", b"x", bytes(LOG_HEADER)):
        (tmp_path / "log").write_bytes(content)
        assert not is_damaged(tmp_path / "log")


def test_a_damaged_log_is_not_opened_and_a_salvage_gives_what_is_whole(journal: Path) -> None:
    log = log_of(journal / NAME)
    before = log.read_bytes()
    middle = commits(before)[GROUPS // 2]
    flipped(log, LOG_HEADER + STEP * middle + FRAME_HEADER + 2_000)
    damaged = log.read_bytes()
    with pytest.raises(JournalDamagedError, match="doctor --repair"):
        opened(journal)
    assert log.read_bytes() == damaged
    assert [one.code for one in journal_findings(journal, None, {})] == ["journal_torn"]
    salvage(journal, {}, NOW)
    assert set(held(journal)) <= set(numbered(GROUPS * EACH))
    assert len(held(journal)) >= GROUPS * EACH - EACH
    assert journal_findings(journal, None, {}) == []
