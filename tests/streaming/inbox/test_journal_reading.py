"""A reader sees consecutive messages as they were stored, beside whoever writes."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from streaming.batches import ORIGINAL
from streaming.inbox.journal_faults import JournalDamagedError
from streaming.inbox.journal_files import NAME
from streaming.inbox.journal_reading import DAMAGED, JournalReader
from tests.streaming.inbox.journaling import AT, FEED, arrival, arrivals, held, numbered, opened


@pytest.fixture
def reader(tmp_path):
    found = JournalReader(tmp_path)
    yield found
    found.close()


def test_where_there_is_no_journal_there_are_no_feeds(tmp_path, reader):
    assert reader.feeds() == {}
    assert not reader.changed()
    assert reader.oldest(FEED) is None
    assert len(reader.read(FEED, 0, 10, 1 << 20)) == 0
    assert list(tmp_path.iterdir()) == []
    opened(tmp_path).put(arrivals(2))
    assert reader.feeds() == {FEED: 2}


def test_a_change_is_told_once(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put(arrivals(1))
    assert reader.changed()
    assert not reader.changed()
    journal.put(arrivals(1, 1))
    assert reader.changed()
    assert not reader.changed()
    journal.close()


def test_columns_are_those_that_flow(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put([arrival(0), arrival(1, refused="test_message"), arrival(2, original=(3, 4))])
    journal.close()
    found = reader.read(FEED, 0, 10, 1 << 20)
    assert found.received_at.type == pa.timestamp("us", tz="UTC")
    assert found.received_at.cast(pa.int64()).to_pylist() == [AT, AT + 1, AT + 2]
    assert found.raw.type == pa.binary()
    assert found.rejects.to_pylist() == [None, "test_message", None]
    assert found.originals.type == ORIGINAL
    assert found.originals.to_pylist() == [None, None, {"partition": 3, "offset": 4}]


def test_a_stretch_has_at_most_so_many_messages_and_about_so_many_bytes(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put(arrivals(100, size=1_000))
    journal.close()
    assert len(reader.read(FEED, 0, 7, 1 << 20)) == 7
    assert len(reader.read(FEED, 0, 100, 4_500)) == 5
    assert len(reader.read(FEED, 98, 100, 1 << 20)) == 2
    assert len(reader.read(FEED, 40, 100, 1)) == 1
    nothing = reader.read(FEED, 100, 100, 1 << 20)
    assert (nothing.first_offset, len(nothing)) == (100, 0)


def test_feeds_are_kept_apart(tmp_path, reader):
    journal = opened(tmp_path)
    for number in range(5):
        journal.put([arrival(number, "a"), arrival(10 + number, "b")])
    journal.close()
    for feed, first in (("a", 0), ("b", 10)):
        found = reader.read(feed, 0, 100, 1 << 20)
        assert found.raw.to_pylist() == numbered(5, first)


def test_a_record_that_was_changed_on_the_disk_is_marked_and_no_other(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put([*arrivals(3), arrival(3, refused="test_message"), *arrivals(3, 4)])
    journal.close()
    for number in (2, 3):
        _flip(tmp_path / NAME, b"message %d" % number)
    found = reader.read(FEED, 0, 100, 1 << 20)
    assert found.rejects.to_pylist() == [None, None, DAMAGED, DAMAGED, None, None, None]
    assert len(found) == 7


def test_a_road_s_reason_that_was_changed_is_noticed_too(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put([arrival(0, refused="test_message")])
    journal.close()
    _flip(tmp_path / NAME, b"test_message")
    assert reader.read(FEED, 0, 9, 1 << 20).rejects.to_pylist() == [DAMAGED]


def test_a_gap_ends_a_stretch(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put(arrivals(3))
    journal.close()
    journal = opened(tmp_path, first={FEED: 10})
    journal.put(arrivals(3, 3))
    journal.close()
    assert len(reader.read(FEED, 0, 100, 1 << 20)) == 3
    beyond = reader.read(FEED, 3, 100, 1 << 20)
    assert (beyond.first_offset, len(beyond)) == (10, 3)


def test_a_torn_database_is_named(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put(arrivals(500, size=900))
    journal.close()
    with (tmp_path / NAME).open("r+b") as file:
        file.seek(20 * 4_096)
        file.write(os.urandom(80 * 4_096))
    with pytest.raises(JournalDamagedError, match="doctor --repair"):
        reader.read(FEED, 0, 1_000, 1 << 30)


def test_a_journal_made_anew_is_read_from_then_on(tmp_path, reader):
    journal = opened(tmp_path)
    journal.put(arrivals(3))
    journal.close()
    assert reader.feeds() == {FEED: 3}
    assert reader.changed()
    (tmp_path / NAME).rename(tmp_path / "aside")
    assert reader.feeds() == {}
    journal = opened(tmp_path, first={FEED: 50})
    journal.put(arrivals(1, 3))
    journal.close()
    assert reader.changed()
    assert reader.feeds() == {FEED: 51}
    assert reader.oldest(FEED) == 50


def test_what_a_killed_process_left_in_the_log_is_read(tmp_path):
    journal = opened(tmp_path / "live")
    journal.put(arrivals(4))
    # The files as a kill leaves them: the log not yet in the database.
    (tmp_path / "left").mkdir()
    for name in (NAME, f"{NAME}-wal"):
        (tmp_path / "left" / name).write_bytes((tmp_path / "live" / name).read_bytes())
    assert held(tmp_path / "left") == numbered(4)


def _flip(path: Path, near: bytes) -> None:
    content = bytearray(path.read_bytes())
    place = content.index(near)
    content[place + 1] ^= 0x10
    path.write_bytes(content)
