"""The inbox that a deployment has, and from where its journal numbers."""

from lakehouse.appends import append
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import ALERTS, OBSERVATIONS, RAW_MESSAGES
from streaming.inbox.arrival import JOURNAL_PARTITION, KAFKA_PARTITIONS
from streaming.inbox.journal import Journal
from streaming.inbox.opening import first_offsets, journal_directory, open_inbox
from tests.lakehouse.conftest import build_rows
from tests.streaming.inbox.journaling import FEED, arrivals, held, numbered


def with_messages(lake: Lake, upto: int, feed: str = FEED, partition: int = JOURNAL_PARTITION):
    rows = build_rows(RAW_MESSAGES, range(upto + 1), feed, partition)
    append(lake, RAW_MESSAGES, feed, partition, rows, upto)


def test_the_journal_lies_in_the_lake_or_where_the_settings_say(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    assert journal_directory(Settings(), lake) == tmp_path / "lake" / "journal"
    assert journal_directory(Settings(journal=tmp_path / "other"), lake) == tmp_path / "other"


def test_a_lost_journal_never_numbers_again_what_the_lake_has(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    with_messages(lake, 6)
    inbox = open_inbox(Settings(), lake)
    assert isinstance(inbox, Journal)
    inbox.put(arrivals(2))
    inbox.close()
    # Offset 7 on; below it there is nothing.
    assert held(tmp_path / "lake" / "journal") == numbered(2)
    assert first_offsets(lake) == {FEED: 7}


def test_a_table_that_is_ahead_of_the_cut_counts_too(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    with_messages(lake, 6)
    ahead = build_rows(OBSERVATIONS, range(10), FEED, JOURNAL_PARTITION)
    append(lake, OBSERVATIONS, FEED, JOURNAL_PARTITION, ahead, 9)
    alerts = build_rows(ALERTS, [12], FEED, JOURNAL_PARTITION)
    append(lake, ALERTS, FEED, JOURNAL_PARTITION, alerts, 12, line="ST/MARY")
    assert first_offsets(lake) == {FEED: 13}


def test_files_and_brokers_number_for_themselves(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    with_messages(lake, 6, partition=0)
    with_messages(lake, 6, partition=KAFKA_PARTITIONS)
    with_messages(lake, 3, feed="lab/blood")
    assert first_offsets(lake) == {"lab/blood": 4}
