"""What the doctor sees around the tables, and in the journal."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.cuts import Cut, cut
from lakehouse.doctor.checking import check
from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal_checking import journal_findings
from streaming.inbox.journal_files import NAME


def looked(ward):
    return check(ward.root, datetime.now(UTC))


def codes(found):
    return [finding.code for finding in found]


def journal(ward, at=None, lost=None):
    return codes(journal_findings(ward.journal, at or cut(Lake(ward.root)), lost or {}))


def test_sound_lake_has_no_findings(ward):
    assert looked(ward).findings == ()
    assert journal(ward) == []


def test_file_and_directory_that_others_may_enter_are_found(ward):
    for path in (ward.root / "pulsehouse.json", ward.root / "observations"):
        mode = path.stat().st_mode
        path.chmod(0o755)
        assert codes(looked(ward).findings) == ["permissions"]
        path.chmod(mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_file_of_another_user_is_found(ward):
    os.chown(ward.root / "pulsehouse.json", 12345, 12345)
    assert codes(looked(ward).findings) == ["owner"]


def test_file_that_was_written_in_the_future_is_found(ward):
    later = (datetime.now(UTC) + timedelta(hours=2)).timestamp()
    os.utime(ward.root / "pulsehouse.json", (later, later))
    assert codes(looked(ward).findings) == ["future_file"]


def test_message_that_was_received_in_the_future_is_found(ward):
    found = check(ward.root, datetime(2025, 1, 4, tzinfo=UTC)).findings
    assert "future_message" in codes(found)


def test_drafts_and_files_without_a_commit_are_counted_and_no_fault(ward):
    (ward.root / ".probe.1.draft").touch(0o600)
    (ward.root / "observations" / "received_date=2025-01-05" / "part-0.parquet").touch(0o600)
    found = looked(ward)
    assert found.findings == ()
    assert (found.surroundings.drafts, found.surroundings.orphans) == (1, 1)


def test_holder_of_the_lock_is_told_and_not_disturbed(ward):
    assert looked(ward).surroundings.holder is None
    with exclusive(Lake(ward.root)):
        assert looked(ward).surroundings.holder == os.getpid()
    assert looked(ward).surroundings.holder is None


def test_record_that_is_not_what_was_stored_is_found(ward):
    with sqlite3.connect(ward.journal / NAME) as database:
        database.execute("update messages set raw = x'00' where key & 7 = 3")
    assert journal(ward) == ["journal_record_damaged"]


def test_journal_that_is_none_or_torn_is_found(ward):
    path = ward.journal / NAME
    whole = path.read_bytes()
    path.write_bytes(b"no database at all, whatever its name says" * 100)
    assert journal(ward) == ["journal_unreadable"]
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    assert set(journal(ward)) <= {"journal_torn", "journal_unreadable"} != set()


def test_messages_that_neither_lake_nor_journal_has_are_found_until_their_loss_is_recorded(ward):
    ward.forget()
    behind = Cut({("icu", JOURNAL_PARTITION): 9})
    assert journal(ward, behind) == ["journal_gap"]
    assert journal(ward, behind, {"icu": [(10, 23)]}) == []


def test_journal_that_is_older_than_the_lake_is_found(ward):
    assert journal(ward, Cut({("icu", JOURNAL_PARTITION): 99})) == ["journal_behind"]


def test_lake_without_a_journal_has_no_findings_about_it(tmp_path):
    assert journal_findings(tmp_path / "none", Cut({}), {}) == []
