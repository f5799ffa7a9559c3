"""Messages that no inbox can give any more are written down before anything beyond them flows."""

import sqlite3
from dataclasses import dataclass

from lakehouse.alarms import open_alarms
from lakehouse.losses import losses
from streaming.inbox.journal_files import NAME
from streaming.inbox.opening import journal_directory
from tests.streaming.feeds import sample_messages
from tests.streaming.live.ward import Ward


@dataclass(frozen=True)
class Lost:
    first: int
    last: int
    reason: str


def lost(ward: Ward) -> list[Lost]:
    return [
        Lost(row["first_offset"], row["last_offset"], row["reason"])
        for row in losses(ward.lake).to_pylist()
    ]


def test_a_gap_before_the_oldest_message_is_a_loss_and_an_alarm(ward: Ward) -> None:
    ward.put(sample_messages(20), first={"mimic3": 50})
    ward.stream(ward.has(70))
    assert lost(ward) == [Lost(0, 49, "journal_lost")]
    assert [(alarm.kind, alarm.subject) for alarm in open_alarms(ward.lake)] == [
        ("messages_lost", "mimic3")
    ]
    offsets = [row["offset"] for row in ward.contents()["raw_messages"]]
    assert offsets == list(range(50, 70))


def test_a_gap_is_written_down_once_however_often_it_is_met(ward: Ward) -> None:
    ward.put(sample_messages(5), first={"mimic3": 3})
    for _ in range(2):
        ward.stream(ward.has(8))
    assert lost(ward) == [Lost(0, 2, "journal_lost")]


def test_a_message_that_is_not_what_was_stored_is_quarantined_and_an_alarm(ward: Ward) -> None:
    ward.put(sample_messages(5))
    path = journal_directory(ward.settings, ward.lake) / NAME
    with sqlite3.connect(path) as database:
        database.execute("update messages set raw = cast(raw || 'x' as blob) where key % 16 = 2")
    database.close()
    ward.stream(ward.has(5))
    reasons = {row["offset"]: row["reason"] for row in ward.contents()["raw_messages"]}
    assert reasons == {0: None, 1: None, 2: "journal_damaged", 3: None, 4: None}
    assert [alarm.kind for alarm in open_alarms(ward.lake)] == ["messages_lost"]
