"""Cases: taken from alerts, shown worst first, acted on once.

Here: what the board and the acts of people see. Not here: who is told, or sending.
"""

from datetime import timedelta

import pytest

from clinical.alerts import Act, Refusal
from streaming.desk.scopes import Scope
from tests.streaming.desk.desks import START, alert, desk_at, take_alerts, varied

EVERYONE = Scope(None)


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as opened:
        yield opened


def _ids(cases):
    return [case.alert_id for case in cases]


def test_an_alert_is_taken_once_whatever_how_often_it_comes(desk):
    assert take_alerts(desk, alert(1), alert(1)).new == 1
    assert take_alerts(desk, alert(1)).new == 0
    assert len(desk.cases.open(EVERYONE)) == 1


def test_a_suppressed_alert_is_no_case(desk):
    take_alerts(desk, alert(1, status="suppressed", suppressed_by="comfort_care"))
    assert desk.cases.open(EVERYONE) == []


def test_what_is_older_than_the_desk_tells_of_is_expired_at_once_and_told_to_nobody(desk):
    old = alert(1, raised_at=START - timedelta(hours=25))
    assert take_alerts(desk, old).expired == 1
    assert desk.cases.open(EVERYONE) == []
    case = desk.cases.one(old["alert_id"])
    assert case.state == "expired"
    assert [entry.event for entry in desk.cases.entries(case.alert_id)] == ["raise", "expire"]
    assert desk.cases.notifications(case.alert_id) == []


def test_the_board_shows_the_worst_first_then_the_untaken_then_the_oldest(desk):
    take_alerts(
        desk,
        alert(1, severity="low", raised_at=START - timedelta(hours=3)),
        alert(2, severity="critical"),
        alert(3, severity="critical", raised_at=START - timedelta(minutes=1)),
        alert(4, severity="critical", raised_at=START - timedelta(minutes=2)),
    )
    desk.cases.act(alert(4)["alert_id"], Act("acknowledge", START, "nurse"), "k")
    assert [case.patient_id for case in desk.cases.open(EVERYONE)] == [
        *("MRN-3", "MRN-2", "MRN-4", "MRN-1"),
    ]


def test_pages_of_the_board_hold_every_case_once_in_one_order(desk):
    take_alerts(desk, *varied(103))
    whole = _ids(desk.cases.open(EVERYONE, limit=1000))
    paged, last = [], None
    while page := _ids(desk.cases.open(EVERYONE, limit=10, after=last)):
        paged, last = paged + page, page[-1]
    assert paged == whole
    assert len(whole) == len(set(whole)) == 103


def test_a_scope_holds_its_units_and_patients_whose_unit_nobody_knows(desk):
    take_alerts(desk, alert(1, unit="MICU"), alert(2, unit="SICU"), alert(3, unit=None))
    of_micu = desk.cases.open(Scope(frozenset({"MICU"})))
    assert {case.patient_id for case in of_micu} == {"MRN-1", "MRN-3"}
    assert desk.cases.open(Scope(frozenset())) == []
    assert desk.cases.counts(Scope(frozenset({"SICU"}))) == {"SICU": {"high": 1}, None: {"high": 1}}


def test_a_request_that_comes_twice_is_done_once(desk):
    take_alerts(desk, alert(1))
    act = Act("acknowledge", START, "nurse")
    first = desk.cases.act(alert(1)["alert_id"], act, "key-1")
    second = desk.cases.act(alert(1)["alert_id"], act, "key-1")
    assert (first.repeated, second.repeated) == (False, True)
    assert [entry.event for entry in desk.cases.entries(alert(1)["alert_id"])] == [
        *("raise", "acknowledge"),
    ]


def test_the_first_of_two_has_it_and_the_second_is_told_who_and_when(desk):
    take_alerts(desk, alert(1))
    case_id = alert(1)["alert_id"]
    desk.cases.act(case_id, Act("acknowledge", START, "first"), "a")
    refused = desk.cases.act(case_id, Act("acknowledge", START, "second"), "b").refusal
    assert isinstance(refused, Refusal)
    assert (refused.who, refused.since) == ("first", START)


def test_what_belongs_to_the_act_is_undone_with_it(desk):
    take_alerts(desk, alert(1))

    def fails(_connection, _acted):
        msg = "no audit, no act"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="no audit"):
        desk.cases.act(alert(1)["alert_id"], Act("acknowledge", START, "nurse"), "k", with_it=fails)
    assert desk.cases.one(alert(1)["alert_id"]).state == "raised"


def test_an_act_on_a_case_that_is_not_there_says_so(desk):
    assert desk.cases.act("nothing", Act("acknowledge", START, "nurse"), "k").case is None


def test_worse_news_of_an_episode_is_news_of_its_case(desk):
    first = alert(1, severity="medium", band=1)
    take_alerts(desk, first)
    desk.cases.act(first["alert_id"], Act("acknowledge", START, "nurse"), "k")
    worse = alert(2, episode_id=first["episode_id"], severity="critical", band=3, title="Worse")
    assert take_alerts(desk, worse).worse == 1
    (case,) = desk.cases.open(EVERYONE)
    assert (case.severity, case.title, case.state) == ("critical", "Worse", "raised")
    assert case.alert_ids == (first["alert_id"], worse["alert_id"])
    assert {row.kind for row in desk.cases.notifications(case.alert_id)} == {"new", "worse"}


def test_alerts_of_one_episode_that_come_together_are_one_case(desk):
    first = alert(1, severity="medium", band=1)
    worse = alert(2, episode_id=first["episode_id"], severity="critical", band=3)
    taken = take_alerts(desk, worse, first)
    assert (taken.new, taken.worse) == (1, 1)
    (case,) = desk.cases.open(EVERYONE)
    assert case.severity == "critical"


def test_a_drill_is_marked_and_not_counted(desk):
    drill = desk.cases.drill("MICU", "critical", "lead", START)
    (case,) = desk.cases.open(EVERYONE)
    assert (case.alert_id, case.drill, case.patient_id) == (drill, True, None)
    assert desk.cases.counts(EVERYONE) == {}
    assert desk.cases.history(EVERYONE, START, START + timedelta(hours=1)) == []


def test_changes_come_in_the_order_in_which_they_happened_and_none_twice(desk):
    take_alerts(desk, alert(1), alert(2, unit="SICU"))
    start = desk.cases.newest_change()
    desk.cases.act(alert(2)["alert_id"], Act("acknowledge", START, "nurse"), "k")
    desk.cases.move(alert(1)["alert_id"], "CCU", START)
    changes = desk.cases.changes_since(start)
    assert [(change.number - start, change.unit) for change in changes] == [
        *((1, "SICU"), (2, "MICU"), (2, "CCU")),
    ]
    assert desk.cases.changes_since(desk.cases.newest_change()) == []
