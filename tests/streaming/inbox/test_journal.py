"""The journal stores messages in order, all or none, and for its user alone."""

import os
import shutil
import stat
import subprocess
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.inbox.arrival import FilePart, InboxFailedError
from streaming.inbox.journal_faults import JournalDamagedError
from streaming.inbox.journal_files import NAME
from streaming.inbox.journal_reading import JournalReader
from tests.streaming.inbox.journaling import (
    FEED,
    ROOT,
    STORING,
    arrival,
    arrivals,
    held,
    numbered,
    opened,
)

GROUPS = st.lists(st.lists(st.sampled_from("abc"), max_size=12), max_size=12)


@settings(max_examples=25)
@given(GROUPS, st.dictionaries(st.sampled_from("abc"), st.integers(0, 1 << 40)))
def test_offsets_are_consecutive_from_the_first_whatever_the_groups(groups, first):
    with TemporaryDirectory() as folder:
        sent = {feed: [] for feed in "abc"}
        for group in groups:
            # Each group by a journal that was opened anew, as after a restart.
            journal = opened(Path(folder), first=first)
            journal.put([arrival(number, feed) for number, feed in enumerate(group)])
            journal.close()
            for number, feed in enumerate(group):
                sent[feed].append(b"message %d" % number)
        reader = JournalReader(Path(folder))
        following = reader.feeds()
        for feed in following:
            begins = first.get(feed, 0)
            stretch = reader.read(feed, 0, 1_000, 1 << 30)
            assert stretch.first_offset == begins
            assert stretch.raw.to_pylist() == sent[feed]
            assert following[feed] == begins + len(sent[feed])
        reader.close()


def test_a_journal_older_than_the_lake_goes_on_where_the_lake_is(tmp_path):
    journal = opened(tmp_path)
    journal.put(arrivals(5))
    journal.close()
    restored = opened(tmp_path, first={FEED: 100})
    restored.put(arrivals(2, 5))
    restored.close()
    reader = JournalReader(tmp_path)
    assert reader.feeds() == {FEED: 102}
    assert reader.read(FEED, 5, 10, 1 << 20).first_offset == 100


def test_a_file_is_marked_with_its_messages_or_not_at_all(tmp_path):
    journal = opened(tmp_path, limit=1024**2)
    part = FilePart(FEED, "ab" * 32, 3, whole=False)
    journal.put(arrivals(3), part)
    assert journal.file_progress(FEED, part.sha256) == part
    too_much = FilePart(FEED, part.sha256, 5, whole=True)
    with pytest.raises(Exception, match="is full"):
        journal.put(arrivals(2, 3, size=1024**2), too_much)
    assert journal.file_progress(FEED, part.sha256) == part
    assert journal.file_progress(FEED, "cd" * 32) is None
    journal.close()
    assert held(tmp_path) == numbered(3)


def test_a_quarantined_message_is_replayed_once_whoever_puts_it(tmp_path):
    one, other = opened(tmp_path), opened(tmp_path)
    one.put([arrival(0, original=(7, 1)), arrival(1, original=(7, 1)), arrival(2)])
    other.put([arrival(3, original=(7, 1)), arrival(4, original=(8, 1)), arrival(5)])
    other.put([arrival(6, feed="other", original=(7, 1))])
    one.close()
    other.close()
    assert held(tmp_path) == [b"message %d" % number for number in (0, 2, 4, 5)]
    assert held(tmp_path, "other") == [b"message 6"]


def test_processes_that_put_at_once_lose_nothing_and_leave_no_gap(tmp_path):
    command = [*STORING, tmp_path, "30", "put"]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT) for _ in range(3)]
    try:
        assert [process.wait(120) for process in processes] == [0, 0, 0]
    finally:
        for process in processes:
            process.kill()
    found = held(tmp_path)
    assert sorted(found) == sorted(numbered(30) * 3)
    assert JournalReader(tmp_path).feeds() == {FEED: 90}


def test_every_file_is_for_its_user_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        journal = opened(tmp_path / "deep" / "journal")
        journal.put(arrivals(1))
        files = list((tmp_path / "deep" / "journal").iterdir())
    finally:
        os.umask(before)
    assert {path.name for path in files} == {NAME, f"{NAME}-wal", f"{NAME}-shm"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    for folder in (tmp_path / "deep", tmp_path / "deep" / "journal"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    journal.close()


@pytest.mark.parametrize("gone", [NAME, f"{NAME}-wal"])
def test_nothing_is_promised_once_a_file_was_moved_away(tmp_path, gone):
    journal = opened(tmp_path)
    journal.put(arrivals(1))
    (tmp_path / gone).rename(tmp_path / "aside")
    with pytest.raises(InboxFailedError, match="moved away"):
        journal.put(arrivals(1, 1))
    with pytest.raises(InboxFailedError):
        journal.check_room()
    journal.close()


@pytest.mark.parametrize("content", [b"no database " * 500, b"SQLite format 3\0" + bytes(8_000)])
def test_a_file_that_is_no_journal_is_named_with_the_way_out(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(JournalDamagedError, match="doctor --repair") as caught:
        opened(tmp_path)
    assert caught.value.exit_code == 4
    assert NAME in str(caught.value)
    assert (tmp_path / NAME).read_bytes() == content


def test_a_torn_page_is_a_damaged_journal_and_no_failed_disk(tmp_path):
    journal = opened(tmp_path)
    journal.put(arrivals(500, size=900))
    journal.close()
    with (tmp_path / NAME).open("r+b") as file:
        # Pages from the third on: not the header, so that it opens.
        file.seek(2 * 4_096)
        file.write(os.urandom(40 * 4_096))
    with pytest.raises(JournalDamagedError):
        # One of them needs a torn page.
        _use(tmp_path)


def _use(directory: Path) -> None:
    journal = opened(directory)
    for number in range(50):
        journal.put([arrival(number, feed=f"feed {number}", original=(1, number))])
    held(directory)


def test_a_journal_of_another_version_is_refused(tmp_path):
    opened(tmp_path).close()
    content = bytearray((tmp_path / NAME).read_bytes())
    content[60:64] = (99).to_bytes(4, "big")  # the user version, in SQLite's file format
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(JournalDamagedError, match="version is 99"):
        opened(tmp_path)


def test_a_copy_put_back_is_read_and_goes_on(tmp_path):
    journal = opened(tmp_path / "old")
    journal.put(arrivals(3))
    journal.close()
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    journal = opened(tmp_path / "new")
    journal.put(arrivals(3, 3))
    journal.close()
    assert held(tmp_path / "new") == numbered(6)


def test_the_log_stays_small_while_messages_come_and_are_read(tmp_path):
    journal = opened(tmp_path, limit=16 * 1024**2)
    reader = JournalReader(tmp_path)
    sizes = []
    for number in range(300):
        journal.put(arrivals(10, 10 * number, size=2_000))
        reader.read(FEED, max(0, 10 * number - 100), 200, 1 << 20)
        sizes.append((tmp_path / f"{NAME}-wal").stat().st_size)
    reader.close()
    journal.close()
    assert max(sizes) < 8 * 1024**2
    assert any(later < earlier for earlier, later in pairwise(sizes)) or max(sizes) < 4 * 1024**2
    assert held(tmp_path) == numbered(3_000)
