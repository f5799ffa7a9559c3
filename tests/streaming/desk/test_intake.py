"""Alerts out of the lake: each once, whatever happens between the lake and the store.

Here: the look at the lake's tables. Not here: what becomes a case (test_cases.py), or a table's log
(test_tail.py).
"""

from datetime import timedelta

import pytest

from clinical.alerts import Act
from lakehouse.alarms import end_alarm, raise_alarm
from lakehouse.compaction import compact
from lakehouse.tables import ALERTS
from streaming.desk.intake.alarms import Alarms
from streaming.desk.intake.following import Following
from streaming.desk.scopes import Scope
from tests.streaming.desk.desks import START, SetClock, alert, desk_at, write_alerts

EVERYONE = Scope(None)


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as opened:
        yield opened


def _patients(desk):
    return {case.patient_id for case in desk.cases.open(EVERYONE)}


def test_what_comes_to_the_lake_comes_to_the_desk_once(desk):
    following = Following(desk)
    assert following.look().new == 0
    write_alerts(desk.lake, [alert(1)])
    assert following.look().new == 1
    write_alerts(desk.lake, [alert(2), alert(3, status="suppressed")])
    assert (following.look().new, following.look().new) == (1, 0)
    assert _patients(desk) == {"MRN-1", "MRN-2"}


def test_a_restarted_intake_goes_on_where_it_was(desk):
    write_alerts(desk.lake, [alert(1)])
    Following(desk).look()
    write_alerts(desk.lake, [alert(2)])
    assert Following(desk).look().new == 1


def test_compaction_brings_nothing(desk):
    following = Following(desk)
    for number in range(3):
        write_alerts(desk.lake, [alert(number)])
    following.look()
    assert compact(desk.lake, ALERTS) == 3
    assert following.look().new == 0
    assert len(_patients(desk)) == 3


def test_a_history_that_is_replayed_is_silent(desk):
    old = [alert(n, raised_at=START - timedelta(days=30)) for n in range(5)]
    write_alerts(desk.lake, [*old, alert(9)])
    taken = Following(desk).look()
    assert (taken.new, taken.expired) == (1, 5)
    assert _patients(desk) == {"MRN-9"}


def test_a_rehearsal_shows_an_alert_when_its_clock_reaches_it(tmp_path):
    clock = SetClock(START, rehearses=True)
    with desk_at(tmp_path, clock) as desk:
        later = START + timedelta(minutes=10)
        write_alerts(desk.lake, [alert(1), alert(2, raised_at=later)])
        following = Following(desk)
        following.look()
        assert _patients(desk) == {"MRN-1"}
        clock.move(minutes=10)
        following.look()
        assert _patients(desk) == {"MRN-1", "MRN-2"}


def test_an_alarm_of_the_lake_is_a_case_until_it_ends(desk):
    alarms = Alarms(desk)
    assert not alarms.look(START)
    raise_alarm(desk.lake, "feed_silent", "mimic3", "no message for 10 minutes", START)
    assert alarms.look(START)
    (case,) = desk.cases.open(EVERYONE)
    assert (case.rule, case.technical, case.severity) == ("feed_silent", True, "high")
    end_alarm(desk.lake, "feed_silent", "mimic3", "it speaks again", START)
    assert alarms.look(START)
    assert desk.cases.open(EVERYONE) == []
    assert desk.cases.one(case.alert_id).state == "resolved"


def test_an_alarm_whose_case_somebody_closed_is_not_raised_again(desk):
    raise_alarm(desk.lake, "feed_silent", "mimic3", "no message for 10 minutes", START)
    Alarms(desk).look(START)
    (case,) = desk.cases.open(EVERYONE)
    desk.cases.act(case.alert_id, Act("acknowledge", START, "engineer"), "a")
    desk.cases.act(case.alert_id, Act("resolve", START, "engineer", reason="mended"), "b")
    Alarms(desk).look(START)
    assert desk.cases.open(EVERYONE) == []
