"""A decoder that fails on a feed is an alarm, once, until it has not failed for an hour."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from lakehouse.alarms import open_alarms
from streaming.live.decoding import QUIET, Decoding
from streaming.poison import REASON
from tests.streaming.live.ward import Ward

NOW = datetime.now(UTC)


def stored(*reasons: str | None) -> pa.Table:
    return pa.table({"reason": pa.array(reasons, pa.string())})


def subjects(ward: Ward) -> list[str]:
    return [alarm.subject for alarm in open_alarms(ward.lake) if alarm.kind == REASON]


def test_only_what_the_decoder_failed_on_is_an_alarm(ward: Ward) -> None:
    decoding = Decoding(ward.lake)
    decoding.committed("mimic3", stored(None, "no_message_type"), NOW)
    decoding.look(NOW)
    assert subjects(ward) == []
    decoding.committed("mimic3", stored(None, REASON), NOW)
    decoding.committed("other", stored(None), NOW)
    decoding.look(NOW)
    decoding.look(NOW)
    assert subjects(ward) == ["mimic3"]


def test_the_alarm_ends_after_a_quiet_hour_also_for_the_next_process(ward: Ward) -> None:
    decoding = Decoding(ward.lake)
    decoding.committed("mimic3", stored(REASON), NOW)
    decoding.look(NOW)
    following = Decoding(ward.lake)
    following.look(datetime.now(UTC))
    assert subjects(ward) == ["mimic3"]
    following.look(datetime.now(UTC) + QUIET + timedelta(seconds=1))
    assert subjects(ward) == []
