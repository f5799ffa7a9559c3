"""The journal forgets what the cut has passed, and nothing else."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.cuts import Cut
from streaming.inbox.arrival import JOURNAL_PARTITION, InboxFullError
from streaming.inbox.journal_files import NAME
from streaming.inbox.journal_reading import JournalReader
from streaming.inbox.journal_trimming import trim
from tests.streaming.inbox.journaling import (
    AT,
    FEED,
    arrival,
    arrivals,
    held,
    numbered,
    opened,
    store,
    told,
)


def reached(offset: int, feed: str = FEED) -> Cut:
    return Cut({(feed, JOURNAL_PARTITION): offset})


def moment(number: int) -> datetime:
    """When a message of this number arrived."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=AT + number)


@settings(max_examples=30)
@given(st.integers(0, 40), st.integers(-1, 45), st.integers(0, 45))
def test_what_is_old_and_passed_is_forgotten_and_nothing_else(count, offset, older):
    with TemporaryDirectory() as folder:
        journal = opened(Path(folder), keep=timedelta(hours=1))
        journal.put(arrivals(count))
        trim(journal, reached(offset), moment(older) + timedelta(hours=1))
        kept = min(count, offset + 1, older)
        assert held(Path(folder)) == numbered(count - kept, kept)
        journal.put(arrivals(1, count))
        journal.close()
        reader = JournalReader(Path(folder))
        assert reader.feeds() == {FEED: count + 1}
        assert reader.oldest(FEED) == kept
        reader.close()


def test_another_partition_s_cut_forgets_nothing(tmp_path):
    journal = opened(tmp_path, keep=timedelta())
    journal.put(arrivals(5))
    trim(journal, Cut({(FEED, 0): 4, ("other", JOURNAL_PARTITION): 4}), datetime.now(UTC))
    journal.close()
    assert held(tmp_path) == numbered(5)


def test_thousands_of_messages_are_forgotten_in_steps(tmp_path):
    journal = opened(tmp_path, keep=timedelta())
    for feed in ("a", "b"):
        journal.put([arrival(number, feed) for number in range(3_000)])
    trim(journal, Cut({(feed, JOURNAL_PARTITION): 2_500 for feed in "ab"}), datetime.now(UTC))
    journal.close()
    assert held(tmp_path, "a") == held(tmp_path, "b") == numbered(499, 2_501)


def test_a_full_journal_forgets_whatever_was_passed_and_takes_again(tmp_path):
    journal = opened(tmp_path, limit=2 * 1024**2, keep=timedelta(days=9_999))
    stored = 0
    with suppress(InboxFullError):
        while True:
            journal.put([arrival(stored, size=2_000)])
            stored += 1
    with pytest.raises(InboxFullError, match="`journal_bytes`"):
        journal.check_room()
    trim(journal, reached(stored - 11), moment(stored))
    journal.check_room()
    # No more than it needs: what is kept for its age stays where there is room.
    assert len(held(tmp_path)) > 10
    journal.put([arrival(stored, size=2_000)])
    journal.close()


def test_room_that_was_made_is_used_again(tmp_path):
    journal = opened(tmp_path, limit=4 * 1024**2, keep=timedelta())
    for turn in range(6):
        for number in range(0, 600, 30):
            journal.put(arrivals(30, 600 * turn + number, size=2_000))
        trim(journal, reached(600 * turn + 599), datetime.now(UTC))
    assert (tmp_path / NAME).stat().st_size < 4 * 1024**2
    journal.close()
    assert held(tmp_path) == []


@pytest.mark.parametrize("name", ["journal.before_trim", "journal.trimmed"])
def test_a_kill_while_forgetting_costs_nothing(tmp_path, name):
    process = store(tmp_path, 20, failpoint=name, what="trim")
    assert process.returncode < 0
    assert told(process) == 20
    begins = 0 if name == "journal.before_trim" else 11
    assert held(tmp_path) == numbered(20 - begins, begins)
    journal = opened(tmp_path)
    journal.put(arrivals(1, 20))
    journal.close()
    assert held(tmp_path) == numbered(21 - begins, begins)
