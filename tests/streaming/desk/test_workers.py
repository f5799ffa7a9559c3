"""Sending: every notification once, the gravest first, late ones said to be late.

Here: workers over a real outbox, with a real HTTP receiver that fails as it is told. Not here:
workers that are killed (test_faults.py), or the roads themselves (channels/).
"""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from clinical.alerts import Act
from streaming.desk import claiming
from streaming.desk.breaker import DOWN_AFTER
from streaming.desk.intake import heartbeat
from streaming.desk.scopes import Scope
from streaming.desk.sending import roads
from streaming.desk.store.writing import writing
from streaming.desk.tending import Tending
from streaming.desk.ticking import Ticker
from streaming.desk.workers import Workers, Works
from tests.streaming.desk.desks import START, alert, desk_at, take_alerts, varied
from tests.streaming.desk.sinks import DROPS, routes_to, sinking, until

CASE = alert(1)["alert_id"]


@pytest.fixture
def pager():
    with sinking() as sink:
        yield sink


@pytest.fixture
def mail():
    with sinking() as sink:
        yield sink


@pytest.fixture
def desk(tmp_path, pager, mail):
    with desk_at(tmp_path, desk_routes=routes_to(tmp_path, pager, mail)) as opened:
        yield opened


@contextmanager
def working(desk, workers=4):
    ways = roads(desk.settings, desk.planner.routes, desk.clock.now)
    found = Workers(Works(desk.engine, ways, desk.clock, desk.bell), workers)
    try:
        yield found
    finally:
        found.stop()
        found.close()


def _steps(sink):
    """Which steps of the case a receiver took."""
    return [one["data"]["step"] for one in sink.taken if one["data"]["alert_id"] == CASE]


def _unsent(desk, case=CASE):
    return [row for row in desk.cases.notifications(case) if row.state in {"waiting", "sending"}]


def _pass(desk, workers, seconds, each=1):
    """So much time goes by, in small steps, with everything that runs in a desk."""
    for _ in range(0, seconds, each):
        now = desk.clock.move(seconds=each)
        Ticker(desk.engine, desk.planner).tick(now)
        Tending(desk.engine, desk.planner).look(now)
        workers.look()
        until(lambda: not workers.is_busy)


def test_a_case_is_delivered_once_somebody_was_reached(desk, pager):
    take_alerts(desk, alert(1))
    with working(desk) as workers:
        workers.look()
        until(lambda: desk.cases.one(CASE).state == "delivered")
        workers.look()
    assert pager.alerts() == [CASE]
    (row,) = desk.cases.notifications(CASE)
    assert (row.state, row.said, row.key) == ("sent", "204", pager.keys()[0])


def test_what_was_taken_meanwhile_is_not_sent(desk, pager):
    take_alerts(desk, alert(1), alert(2))
    desk.cases.act(CASE, Act("acknowledge", START, "nurse"), "k")
    with working(desk) as workers:
        workers.look()
        until(lambda: len(pager.alerts()) == 1)
    assert pager.alerts() == [alert(2)["alert_id"]]


def test_the_gravest_are_sent_first(desk, pager):
    take_alerts(desk, *varied(40))
    with working(desk, workers=1) as workers:
        workers.look()
        until(lambda: len(pager.taken) == 40)
    ranks = [one["data"]["severity"] for one in pager.taken]
    assert ranks == sorted(ranks, key=["critical", "high", "medium", "low"].index)


def test_several_workers_send_each_notification_exactly_once(desk, pager):
    take_alerts(desk, *varied(300))
    with working(desk) as one, working(desk) as two, working(desk) as three:
        for workers in (one, two, three):
            workers.look()
        until(lambda: len(pager.taken) >= 300)
    assert len(pager.taken) == len(set(pager.keys())) == 300


@pytest.mark.parametrize("status", [500, 429, DROPS])
def test_a_receiver_that_fails_is_tried_again_with_the_same_key_until_it_takes_it(
    desk, pager, status
):
    pager.status = status
    take_alerts(desk, alert(1))
    with working(desk) as workers:
        _pass(desk, workers, 12)
        assert 2 <= len(pager.tried) <= 6
        pager.status = 204
        _pass(desk, workers, 60)
    assert len({one["key"] for one in pager.tried}) == len(set(pager.keys())) == 1
    assert _unsent(desk) == []


def test_what_is_sent_late_says_how_late_it_is(desk, pager):
    pager.status = 503
    take_alerts(desk, alert(1))
    with working(desk) as workers:
        _pass(desk, workers, 20)
        pager.status = 204
        _pass(desk, workers, 60)
    (sent,) = pager.taken
    assert 20 <= sent["data"]["delayed_seconds"] <= 80


def test_a_receiver_that_is_down_is_told_of_by_another_within_a_minute(desk, pager, mail):
    pager.status = 500
    take_alerts(desk, alert(1))
    with working(desk) as workers:
        _pass(desk, workers, int(DOWN_AFTER.total_seconds()) + 10)
        technical = [one for one in mail.taken if one["type"] == "alert.technical"]
        assert len(technical) == 1
        (case,) = [case for case in desk.cases.open(Scope(None)) if case.technical]
        assert case.rule == "notifier_down"
        pager.status = 204
        _pass(desk, workers, 70)
    assert desk.cases.one(case.alert_id).state == "resolved"


def test_the_fallback_is_asked_after_its_time_and_the_receiver_is_told_once_when_it_is_back(
    desk, pager, mail
):
    pager.status = 500
    take_alerts(desk, alert(1))
    with working(desk) as workers:
        _pass(desk, workers, 58)
        assert CASE not in mail.alerts()
        _pass(desk, workers, 10)
        assert mail.alerts().count(CASE) == 1
        # Ten minutes down: the clock of the escalation runs on.
        _pass(desk, workers, 540, each=6)
        assert desk.cases.one(CASE).life.step == 1
        pager.status = 204
        _pass(desk, workers, 70)
    assert len(pager.keys()) == len(set(pager.keys()))
    steps = [one["data"]["step"] for one in pager.taken if one["data"]["alert_id"] == CASE]
    assert sorted(steps) == [0, 1]


def test_a_receiver_that_is_down_is_left_alone_most_of_the_time(desk, pager):
    pager.status = 500
    take_alerts(desk, *varied(20))
    with working(desk) as workers:
        _pass(desk, workers, 120)
    assert len(pager.tried) < 40


def test_what_waits_for_a_busy_worker_goes_by_its_own_road_however_long(desk, pager, mail):
    take_alerts(desk, alert(1))
    for _ in range(10):
        Tending(desk.engine, desk.planner).look(desk.clock.move(seconds=30))
    with working(desk) as workers:
        _pass(desk, workers, 3)
    assert (sorted(_steps(pager)), _steps(mail)) == ([0, 1], [])


def test_fallback_waits_from_the_first_try_that_was_not_taken(desk, pager, mail):
    pager.status = 503
    take_alerts(desk, alert(1))
    desk.clock.move(seconds=300)
    with working(desk) as workers:
        _pass(desk, workers, 50, each=2)
        assert _steps(mail) == []
        _pass(desk, workers, 30, each=2)
    assert _steps(mail).count(0) == 1


def test_what_a_receiver_refuses_for_good_goes_to_its_fallback_at_once(desk, pager, mail):
    pager.status = 400
    take_alerts(desk, alert(1))
    with working(desk) as workers:
        _pass(desk, workers, 3)
    assert mail.alerts() == [CASE]
    assert {row.state for row in desk.cases.notifications(CASE)} == {"failed", "sent"}


def test_a_lease_that_ran_out_is_taken_by_another_worker_and_the_first_writes_nothing(desk, pager):
    take_alerts(desk, alert(1))
    now = desk.clock.now()
    (lost,) = claiming.claim(desk.engine, "pager", "first", 1, now)
    later = desk.clock.move(seconds=claiming.LEASE.total_seconds() + 1)
    Tending(desk.engine, desk.planner).look(later)
    (taken,) = claiming.claim(desk.engine, "pager", "second", 1, later)
    assert (taken.key, taken.fence) == (lost.key, lost.fence + 1)
    # By a clock that stood still for the first: it believes that its lease lasts.
    assert not claiming.still_wanted(desk.engine, lost, now + timedelta(seconds=1))
    claiming.record(desk.engine, "pager", [claiming.Sent(lost, later, "204")])
    assert [row.state for row in desk.cases.notifications(CASE)] == ["sending"]


def test_a_case_that_is_taken_back_is_told_to_whoever_was_told_of_it(desk, pager):
    take_alerts(desk, alert(1))
    with working(desk) as workers:
        workers.look()
        until(lambda: desk.cases.one(CASE).state == "delivered")
        desk.cases.act(CASE, Act("retract", desk.clock.now(), reason="corrected"))
        workers.look()
        until(lambda: len(pager.taken) == 2)
    assert [one["type"] for one in pager.taken] == ["alert.new", "alert.retracted"]


def test_an_intake_that_stands_still_is_a_case_and_its_return_ends_it(desk):
    tending = Tending(desk.engine, desk.planner)
    with writing(desk.engine) as connection:
        heartbeat.say(connection, desk.clock.now())
    tending.look(desk.clock.move(seconds=29))
    assert desk.cases.open(Scope(None)) == []
    tending.look(desk.clock.move(seconds=2))
    (case,) = desk.cases.open(Scope(None))
    assert (case.rule, case.severity) == ("intake_stalled", "critical")
    with writing(desk.engine) as connection:
        heartbeat.say(connection, desk.clock.now())
    tending.look(desk.clock.now())
    assert desk.cases.open(Scope(None)) == []


def test_an_outbox_that_nobody_empties_is_a_case(desk):
    take_alerts(desk, alert(1))
    Tending(desk.engine, desk.planner).look(desk.clock.move(seconds=61))
    assert "outbox_late" in {case.rule for case in desk.cases.open(Scope(None))}
