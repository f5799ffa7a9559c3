"""A feed that has spoken and falls silent is an alarm, once, until it speaks again."""

from datetime import UTC, datetime, timedelta

import pytest

from clinical.wire.profile import FeedProfile
from lakehouse.alarms import open_alarms
from streaming.inbox.opening import journal_directory
from streaming.live.journal_tail import JournalTail
from streaming.live.listening import Listener
from streaming.live.silence import Silence
from tests.streaming.feeds import sample_messages
from tests.streaming.live.ward import Ward

BEGAN = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROFILES = {
    "mimic3": FeedProfile("mimic3", silent_minutes=10),
    "other": FeedProfile("other", silent_minutes=10),
    "patient": FeedProfile("patient", silent_minutes=0),
}


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def test_a_feed_is_silent_once_its_minutes_have_passed() -> None:
    silence = Silence(PROFILES, {"mimic3": BEGAN, "patient": BEGAN})
    assert silence.silent(at(9.99)) == {"mimic3": False}
    assert silence.silent(at(10)) == {"mimic3": True}


def test_a_feed_that_never_sent_is_not_silent_and_one_that_begins_is_heard() -> None:
    silence = Silence(PROFILES, {})
    silence.listen({"other": 0}, BEGAN)
    assert silence.silent(at(100)) == {}
    silence.listen({"other": 1}, at(100))
    assert silence.silent(at(105)) == {"other": False}
    assert silence.silent(at(110)) == {"other": True}


def test_what_an_inbox_held_at_the_start_was_not_heard_now() -> None:
    silence = Silence(PROFILES, {"mimic3": at(-20)})
    silence.listen({"mimic3": 70}, BEGAN)
    assert silence.silent(BEGAN) == {"mimic3": True}


@pytest.fixture
def listener(ward: Ward) -> Listener:
    ward.put(sample_messages(3))
    tail = JournalTail(journal_directory(ward.settings, ward.lake), ["mimic3"])
    return Listener(ward.lake, tail, Silence(PROFILES, {"mimic3": BEGAN}))


def test_the_alarm_is_raised_once_and_ends_when_the_feed_speaks(
    ward: Ward, listener: Listener
) -> None:
    for minutes in (1, 11, 12):
        listener.look(at(minutes))
    assert [(alarm.subject, alarm.since) for alarm in open_alarms(ward.lake)] == [
        ("mimic3", at(11))
    ]
    ward.put(sample_messages(1))
    listener.look(at(13))
    assert open_alarms(ward.lake) == []


def test_an_alarm_of_an_earlier_process_ends_too(ward: Ward, listener: Listener) -> None:
    listener.look(at(1))
    listener.look(at(11))
    tail = JournalTail(journal_directory(ward.settings, ward.lake), ["mimic3"])
    later = Listener(ward.lake, tail, Silence(PROFILES, {"mimic3": at(0)}))
    later.look(at(12))
    ward.put(sample_messages(1))
    later.look(at(13))
    assert open_alarms(ward.lake) == []
