"""What falls due because nobody did anything: escalations, ends of snoozes, ends of silences.

Here: the desk's clock over a real store. Not here: the law of the steps (tests/clinical/alerts).
"""

from datetime import timedelta

import pytest

from clinical.alerts import Act
from streaming.desk.scopes import Scope
from streaming.desk.silencing import Wish
from streaming.desk.ticking import Ticker
from tests.streaming.desk.desks import START, alert, desk_at, take_alerts, varied

CASE = alert(1)["alert_id"]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as opened:
        yield opened


def _tick(desk, **after):
    return Ticker(desk.engine, desk.planner).tick(desk.clock.move(**after))


def _events(desk, case=CASE):
    return [entry.event for entry in desk.cases.entries(case)]


def test_what_nobody_takes_goes_to_the_next_step_and_never_quiet(desk):
    take_alerts(desk, alert(1))
    assert _tick(desk, minutes=14) == 0
    assert _tick(desk, minutes=1) == 1
    for _ in range(5):
        assert desk.cases.one(CASE).next_step_at > desk.clock.now()
        _tick(desk, minutes=60)
    assert _events(desk) == ["raise", *["escalate"] * 6]


def test_a_step_comes_once_however_often_the_clock_looks(desk):
    take_alerts(desk, alert(1))
    assert (_tick(desk, minutes=15), _tick(desk), _tick(desk)) == (1, 0, 0)
    assert desk.cases.one(CASE).life.step == 1


def test_what_is_taken_escalates_no_more_and_what_waits_is_withdrawn(desk):
    take_alerts(desk, alert(1))
    desk.cases.act(CASE, Act("acknowledge", desk.clock.now(), "nurse"), "k")
    assert _tick(desk, hours=5) == 0
    assert {row.state for row in desk.cases.notifications(CASE)} == {"withdrawn"}


def test_the_end_of_a_snooze_asks_anew(desk):
    take_alerts(desk, alert(1))
    now = desk.clock.now()
    desk.cases.act(CASE, Act("acknowledge", now, "nurse"), "a")
    desk.cases.act(CASE, Act("snooze", now, "nurse", until=now + 30 * MINUTE), "b")
    assert _tick(desk, minutes=29) == 0
    assert _tick(desk, minutes=1) == 1
    case = desk.cases.one(CASE)
    assert (case.state, case.owner, case.next_step_at) == (*("raised", None, START + 45 * MINUTE),)
    assert [row.state for row in desk.cases.notifications(CASE)] == ["withdrawn", "waiting"]


def test_what_is_given_back_asks_anew(desk):
    take_alerts(desk, alert(1))
    desk.cases.act(CASE, Act("acknowledge", desk.clock.now(), "nurse"), "a")
    given = Act("unacknowledge", desk.clock.move(minutes=40), "nurse", reason="busy")
    case = desk.cases.act(CASE, given, "b").case
    assert case.next_step_at == desk.clock.now() + 15 * MINUTE
    assert _tick(desk, minutes=15) == 1


def test_a_silenced_case_is_on_the_board_told_to_nobody_and_asked_when_the_silence_ends(desk):
    ends = START + timedelta(hours=1)
    desk.cases.silence(Wish({"unit": ["MICU"]}, START, ends, "lead", "building works"))
    take_alerts(desk, alert(1))
    assert desk.cases.notifications(CASE) == []
    assert len(desk.cases.open(Scope(None))) == 1
    _tick(desk, minutes=59)
    assert desk.cases.notifications(CASE) == []
    _tick(desk, minutes=1)
    assert [row.state for row in desk.cases.notifications(CASE)] == ["waiting"]
    assert desk.cases.one(CASE).next_step_at == ends + 15 * MINUTE


def test_a_silence_that_is_ended_early_lets_go_of_what_it_kept(desk):
    wish = Wish({"unit": ["MICU"]}, START, START + timedelta(hours=9), "lead", "building works")
    number = desk.cases.silence(wish)
    take_alerts(desk, alert(1))
    assert desk.cases.end_silence(number, "lead", desk.clock.move(minutes=5))
    assert not desk.cases.end_silence(number, "lead", desk.clock.now())
    _tick(desk)
    assert [row.state for row in desk.cases.notifications(CASE)] == ["waiting"]


def test_what_a_worse_alert_hides_is_asked_when_that_one_is_closed(desk):
    shock = alert(1, rule_family="septic_shock", severity="critical", patient_id="MRN-1")
    news = alert(2, rule_family="news2", severity="high", patient_id="MRN-1")
    take_alerts(desk, shock)
    take_alerts(desk, news)
    assert desk.cases.one(news["alert_id"]).plan.verdict == "inhibited"
    now = desk.clock.move(minutes=2)
    desk.cases.act(shock["alert_id"], Act("decline", now, "doctor", reason="known"), "k")
    _tick(desk)
    assert desk.cases.one(news["alert_id"]).plan.verdict == "notify"
    assert len(desk.cases.notifications(news["alert_id"])) == 1


def test_many_that_fall_due_at_once_take_every_step_that_is_due_and_none_twice(desk):
    take_alerts(desk, *varied(130))
    late = timedelta(hours=3)
    _tick(desk, hours=3)
    for case in desk.cases.open(Scope(None), limit=500):
        assert case.life.step == sum(after <= late for after in case.plan.chain)
    assert _tick(desk) == 0


def test_a_case_that_moves_asks_the_new_unit_from_the_beginning(desk):
    take_alerts(desk, alert(1))
    _tick(desk, minutes=20)
    case = desk.cases.move(CASE, "SICU", desk.clock.now()).case
    assert (case.unit, case.life.step) == ("SICU", 0)
    assert case.next_step_at == desk.clock.now() + 15 * MINUTE
    assert sum(row.state == "waiting" for row in desk.cases.notifications(CASE)) == 1


def test_a_case_that_is_taken_moves_without_asking_anybody(desk):
    take_alerts(desk, alert(1))
    desk.cases.act(CASE, Act("acknowledge", desk.clock.now(), "nurse"), "k")
    assert desk.cases.move(CASE, "SICU", desk.clock.now()).case.owner == "nurse"
    assert {row.state for row in desk.cases.notifications(CASE)} == {"withdrawn"}


def test_alerts_that_join_one_that_was_told_group_none_after_them(desk):
    for number, minutes in ((1, 0), (2, 4), (3, 4)):
        desk.clock.move(minutes=minutes)
        rule = f"family_{number}"
        take_alerts(desk, alert(number, severity="medium", rule_family=rule, patient_id="MRN-1"))
    told = {
        case.rule_family: [row.step for row in desk.cases.notifications(case.alert_id)]
        for case in desk.cases.open(Scope(None))
    }
    assert told == {"family_1": [0], "family_2": [], "family_3": [0]}


def test_an_episode_that_worsens_after_its_case_was_closed_is_a_new_case(desk):
    first = alert(1, severity="medium", band=1)
    take_alerts(desk, first)
    declined = Act("decline", desk.clock.now(), "nurse", reason="known")
    desk.cases.act(first["alert_id"], declined, "k")
    worse = alert(2, episode_id=first["episode_id"], severity="critical", band=3)
    assert take_alerts(desk, worse).new == 1
    (case,) = desk.cases.open(Scope(None))
    assert case.alert_id == worse["alert_id"]


def test_a_silence_of_everything_or_without_an_end_is_refused_with_a_sentence(desk):
    ends = START + timedelta(hours=1)
    with pytest.raises(ValueError, match="name a patient"):
        desk.cases.silence(Wish({}, START, ends, "lead", "quiet please"))
    with pytest.raises(ValueError, match="end after"):
        desk.cases.silence(Wish({"unit": ["MICU"]}, ends, START, "lead", "quiet please"))


def test_what_is_handed_over_during_a_silence_escalates_all_the_same(desk):
    take_alerts(desk, alert(1))
    now = desk.clock.now()
    ends = now + timedelta(hours=8)
    desk.cases.silence(Wish({"unit": ["MICU"]}, now, ends, "lead", "building works"))
    desk.cases.act(CASE, Act("acknowledge", now, "nurse"), "a")
    case = desk.cases.act(CASE, Act("hand_over", now, "nurse", to="doctor"), "b").case
    assert case.next_step_at == now + 15 * MINUTE
    assert _tick(desk, minutes=15) == 1
