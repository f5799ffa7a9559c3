"""An alarm is raised once until it is ended, whoever sees its cause and however many of them."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.alarms import Alarm, end_alarm, open_alarms, raise_alarm
from lakehouse.batch.operations import ALARM_KINDS, ALARMS
from lakehouse.batch_reading import read_batch
from lakehouse.errors import AppendError
from lakehouse.lake import Lake

NOW = datetime(2026, 1, 5, 2, tzinfo=UTC)


def test_a_lake_without_alarms_has_none_open_and_none_to_end(lake):
    assert open_alarms(lake) == []
    assert not end_alarm(lake, "feed_silent", "icu", "it sends again", NOW)
    assert not lake.path(ALARMS).exists()


def test_an_alarm_is_open_from_when_it_is_raised_until_it_is_ended(lake):
    assert raise_alarm(lake, "feed_silent", "icu", "look at its sender", NOW)
    assert open_alarms(lake) == [Alarm("feed_silent", "icu", NOW, "look at its sender")]
    assert end_alarm(lake, "feed_silent", "icu", "it sends again", NOW + timedelta(hours=1))
    assert open_alarms(lake) == []


def test_an_open_alarm_is_not_raised_again_and_keeps_its_time(lake):
    assert raise_alarm(lake, "feed_silent", "icu", "first", NOW)
    assert not raise_alarm(lake, "feed_silent", "icu", "second", NOW + timedelta(hours=1))
    assert [(alarm.since, alarm.detail) for alarm in open_alarms(lake)] == [(NOW, "first")]


def test_an_alarm_that_was_ended_can_be_raised_again_and_all_of_it_stays_told(lake):
    for hour, step in enumerate((raise_alarm, end_alarm, raise_alarm)):
        assert step(lake, "inbox_full", "journal", "free space", NOW + timedelta(hours=hour))
    told = read_batch(lake, ALARMS).to_pylist()
    assert [(row["number"], row["event"]) for row in told] == [
        (1, "raised"), (2, "ended"), (3, "raised"),
    ]  # fmt: skip


def test_alarms_of_other_kinds_and_subjects_are_others(lake):
    for kind, subject in (("feed_silent", "icu"), ("feed_silent", "ward"), ("inbox_full", "icu")):
        assert raise_alarm(lake, kind, subject, "...", NOW)
    assert end_alarm(lake, "feed_silent", "icu", "...", NOW)
    assert {(alarm.kind, alarm.subject) for alarm in open_alarms(lake)} == {
        ("feed_silent", "ward"), ("inbox_full", "icu"),
    }  # fmt: skip


def test_a_kind_that_is_not_of_the_contract_is_refused(lake):
    with pytest.raises(ValueError, match="no kind of alarm 'feed_slow'"):
        raise_alarm(lake, "feed_slow", "icu", "...", NOW)


def test_an_alarm_that_cannot_be_stored_is_told_as_such(lake):
    (lake.root / ALARMS.zone).write_text("a file where the folder should be")
    with pytest.raises(AppendError):
        raise_alarm(lake, "feed_silent", "icu", "...", NOW)


def test_of_many_threads_that_see_the_same_cause_one_raises_the_alarm(lake):
    with ThreadPoolExecutor(4) as pool:
        told = list(
            pool.map(lambda n: raise_alarm(lake, "inbox_full", "journal", str(n), NOW), range(8))
        )
    assert sum(told) == 1
    assert len(open_alarms(lake)) == 1


def _seen_by_a_process(root: Path) -> bool:
    return raise_alarm(
        Lake.open(root, create=True), "component_restarted", "stream", "see its log", NOW
    )


def test_of_several_processes_that_see_the_same_cause_one_raises_the_alarm(lake):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert sum(pool.map(_seen_by_a_process, [lake.root] * 4)) == 1
    assert len(open_alarms(lake)) == 1


steps = st.tuples(
    st.sampled_from([raise_alarm, end_alarm]),
    st.sampled_from(ALARM_KINDS[:2]),
    st.sampled_from(["icu", "ward"]),
)


@given(st.lists(steps, max_size=6))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_open_is_what_was_raised_last_whatever_the_order(tmp_path_factory, taken):
    lake = Lake.open(tmp_path_factory.mktemp("lakes") / "lake", create=True)
    expected = set()
    for step, kind, subject in taken:
        changes = ((kind, subject) in expected) == (step is end_alarm)
        assert step(lake, kind, subject, "...", NOW) is changes
        (expected.add if step is raise_alarm else expected.discard)((kind, subject))
    assert {(alarm.kind, alarm.subject) for alarm in open_alarms(lake)} == expected
