"""A disk that is full or fails costs no message that was promised, and none is promised on it."""

import errno
import os
import shutil
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.cuts import Cut
from streaming.inbox.arrival import (
    JOURNAL_PARTITION,
    InboxDownError,
    InboxFailedError,
    InboxFullError,
)
from streaming.inbox.journal_faults import os_fault
from streaming.inbox.journal_files import NAME
from streaming.inbox.journal_trimming import trim
from tests.streaming.inbox.journaling import (
    FEED,
    arrival,
    arrivals,
    held,
    numbered,
    opened,
    skip_unless,
    store,
    told,
)

NTH = [4, 16, 33, 57]
INJECTED = "fdatasync,pwrite64"
SYNCS = ("fdatasync(", "fsync(")


@pytest.fixture
def small_disk(tmp_path):
    """Makes a file system in memory; it is gone with the test."""
    skip_unless(os.geteuid() == 0, "mounting needs root")
    made = []

    def make(options: str) -> Path:
        place = tmp_path / f"disk{len(made)}"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)  # noqa: S607
        made.append(place)
        return place

    yield make
    for place in made:
        subprocess.run(["umount", "--lazy", place], check=True)  # noqa: S607


def fill(journal) -> int:
    """Put until there is no room; gives how many were stored."""
    stored = 0
    while True:
        try:
            journal.put([arrival(stored, size=700)])
        except InboxFullError:
            return stored
        stored += 1


def put_at_last(journal, messages) -> None:
    """Put as a sender does: again where it is refused, since the log is emptied beside it."""
    end = time.monotonic() + 60
    while True:
        try:
            return journal.put(messages)
        except InboxFullError:
            assert time.monotonic() < end
            time.sleep(0.01)


def occupy(file) -> None:
    """Write until the disk has nothing left."""
    with suppress(OSError):
        while True:
            file.write(bytes(4_096))


def test_a_full_disk_refuses_and_takes_again_when_there_is_room(small_disk):
    disk = small_disk("size=4m")
    journal = opened(disk / "journal")
    journal.put(arrivals(1))
    with (disk / "other").open("wb", buffering=0) as other:
        occupy(other)
        stored = 1 + fill(journal)
        with pytest.raises(InboxFullError, match="free space on that disk"):
            journal.check_room()
    (disk / "other").unlink()
    journal.check_room()
    journal.put(arrivals(1, stored))
    journal.close()
    assert len(held(disk / "journal")) == stored + 1


def test_there_is_no_room_until_there_is_room_for_what_was_refused(tmp_path):
    journal = opened(tmp_path / "journal", limit=2 * 1024 * 1024)
    large = arrival(0, size=3 * 1024 * 1024)
    with pytest.raises(InboxFullError):
        journal.put([large])
    journal.put(arrivals(1, 1))
    with pytest.raises(InboxFullError):
        journal.check_room()
    journal.close()


def test_the_journal_itself_leaves_the_last_of_a_disk_alone(small_disk):
    disk = small_disk("size=4m")
    journal = opened(disk / "journal")
    stored = fill(journal)
    # All but what is left alone is of use: the log does not keep it.
    assert stored > 2_500
    left = os.statvfs(disk)
    assert left.f_bavail * left.f_frsize >= 0.04 * 4 * 1024**2
    # There it makes room for itself, and uses it.
    trim(journal, Cut({(FEED, JOURNAL_PARTITION): stored - 101}), datetime.now(UTC))
    for number in range(1_000):
        put_at_last(journal, [arrival(stored + number, size=700)])
    journal.close()
    assert held(disk / "journal")[-1_000:] == numbered(1_000, stored)


def test_a_disk_that_fills_within_a_put_stores_nothing_of_it(small_disk):
    disk = small_disk("size=4m")
    journal = opened(disk / "journal")
    journal.put(arrivals(100))
    with (disk / "other").open("wb", buffering=0) as other:
        occupy(other)
        # SQLite itself runs into the full disk: our own look at the room is passed by.
        with pytest.raises(InboxFullError, match="No space left"):
            journal.upkeep(_write_much)
    (disk / "other").unlink()
    journal.put(arrivals(1, 100))
    journal.close()
    assert held(disk / "journal") == numbered(101)


def _write_much(database) -> int:
    row = "insert into messages values (?, 0, zeroblob(2000000), 0, '', null, null, null)"
    for number in range(3):
        database.execute(row, (number,))
    return 0


def test_without_inodes_opening_says_so(small_disk):
    disk = small_disk("size=4m,nr_inodes=3")
    with pytest.raises(InboxFullError, match="No space left"):
        opened(disk / "journal")
    subprocess.run(["mount", "-o", "remount,nr_inodes=64", disk], check=True)  # noqa: S607
    journal = opened(disk / "journal")
    journal.put(arrivals(1))
    journal.close()


def test_a_disk_mounted_read_only_refuses_and_takes_again(small_disk):
    disk = small_disk("size=4m")
    opened(disk / "journal").close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)  # noqa: S607
    with pytest.raises(InboxFullError, match="read-write"):
        opened(disk / "journal").put(arrivals(1))
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)  # noqa: S607
    journal = opened(disk / "journal")
    journal.put(arrivals(1))
    journal.close()
    assert held(disk / "journal") == numbered(1)


def test_a_path_through_a_file_is_no_failed_disk(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InboxFullError, match="part of the path is a file"):
        opened(tmp_path / "file" / "journal")


def test_an_unknown_error_of_the_system_is_a_failed_disk(tmp_path):
    found = os_fault(OSError(errno.EIO, "x"), tmp_path / NAME)
    assert isinstance(found, InboxFailedError)
    assert isinstance(os_fault(OSError(errno.EDQUOT, "x"), tmp_path), InboxFullError)


@pytest.mark.parametrize(("call", "nth"), [("fdatasync", 1), ("fdatasync", 4), ("pwrite64", 9)])
def test_a_failing_disk_is_believed_and_not_asked_again(tmp_path, call, nth):
    skip_unless(shutil.which("strace"), "strace is not here")
    directory, trace = tmp_path / "journal", tmp_path / "trace"
    opened(directory).close()
    strace = ("strace", "-f", "-y", "--seccomp-bpf", "-o", trace, "-e", f"trace=fsync,{INJECTED}")
    process = store(directory, 20, *strace, "-e", f"inject={call}:error=EIO:when={nth}+")
    assert process.stdout.splitlines()[-1] == "InboxFailedError"
    stored = told(process)
    assert stored < 20
    lines = trace.read_text().splitlines()
    failed = [number for number, line in enumerate(lines) if "INJECTED" in line]
    later = lines[failed[0] + 1 :] if failed else []
    assert not [line for line in later if NAME in line and any(s in line for s in SYNCS)]
    # The one that failed may be there or not; what was promised is.
    found = held(directory)
    assert found[:stored] == numbered(stored)
    assert len(found) <= stored + 1
    again = store(directory, 3)
    assert told(again) == 3
    assert held(directory)[-3:] == numbered(3)


def test_a_disk_that_fails_while_the_log_is_copied_ends_the_journal_too(tmp_path):
    skip_unless(shutil.which("strace"), "strace is not here")
    opened(tmp_path).close()
    # Of the database alone: the log, where each put is forced onto the disk, stays well.
    strace = ("strace", "-f", "-o", "/dev/null", "-P", tmp_path / NAME, "-e", "trace=fdatasync")
    process = store(tmp_path, 400, *strace, "-e", "inject=fdatasync:error=EIO:when=1")
    assert process.stdout.splitlines()[-1] == "InboxFailedError"
    stored = told(process)
    assert 0 < stored < 400
    assert held(tmp_path) == numbered(stored)


@pytest.mark.parametrize("nth", NTH)
def test_a_kill_at_any_system_call_loses_nothing_that_was_promised(tmp_path, nth):
    skip_unless(shutil.which("strace"), "strace is not here")
    strace = ("strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={INJECTED}")
    kill = ("-e", f"inject={INJECTED}:signal=KILL:when={nth}")
    stored = told(store(tmp_path, 12, *strace, *kill))
    found = held(tmp_path)
    assert found[:stored] == numbered(stored)
    assert len(found) <= stored + 1
    journal = opened(tmp_path)
    journal.put(arrivals(2, len(found)))
    journal.close()
    assert held(tmp_path) == numbered(len(found) + 2)


@pytest.mark.parametrize("name", ["journal.written", "journal.synced"])
def test_a_kill_around_the_commit_leaves_all_of_a_put_or_nothing(tmp_path, name):
    process = store(tmp_path, 6, failpoint=f"{name}:3")
    assert process.returncode < 0
    assert told(process) == 2
    assert held(tmp_path) == numbered(2 + (name == "journal.synced"))


def test_a_journal_held_by_another_is_down_and_not_full(tmp_path):
    journal, other = opened(tmp_path), opened(tmp_path)
    # Not waiting as long as the product does.
    journal.upkeep(lambda database: database.execute("pragma busy_timeout = 20") and 0)

    def meanwhile(_database) -> int:
        with pytest.raises(InboxDownError, match="another process"):
            journal.put(arrivals(1))
        return 0

    other.upkeep(meanwhile)
    journal.put(arrivals(1))
    journal.close()
    other.close()
    assert held(tmp_path) == numbered(1)
