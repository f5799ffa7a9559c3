"""Open cases follow corrections, merges and moves, and are taken back only where nothing holds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from clinical.alerts import Act
from streaming.desk.scopes import Scope
from tests.streaming.desk.desks import take_alerts
from tests.streaming.desk.evaluating.wards import merged, placed, potassium, ward_at
from tests.streaming.desk.picture.lakes import tell_facts, tell_messages


@pytest.fixture
def ward(tmp_path):
    with ward_at(tmp_path) as found:
        yield found


def _units(ward):
    return [case.unit for case in ward.desk.cases.open(Scope(None), limit=10)]


def test_alert_whose_value_stands_is_left_alone(ward):
    ward.tell(potassium("7.1"))
    ward.tell(potassium("4.0", "1145"))
    assert set(ward.cases().values()) == {"raised"}
    assert ward.notes() == []


def test_value_that_was_corrected_to_normal_takes_its_alert_back(ward):
    ward.tell(potassium("7.1"))
    ward.tell(potassium("4.1", status="C"))
    assert set(ward.cases().values()) == {"retracted"}
    assert ward.notes() == [("corrected", "potassium was corrected since")]


def test_value_that_was_withdrawn_takes_its_alert_back(ward):
    ward.tell(potassium("7.1"))
    ward.tell(potassium("", status="D"))
    assert set(ward.cases().values()) == {"retracted"}
    told = "potassium was withdrawn or deleted by its sender since"
    assert ward.notes() == [("withdrawn", told)]
    assert _retraction(ward) == told


def test_value_of_another_patient_takes_its_alert_back_and_says_so(ward):
    ward.tell(potassium("7.1"))
    ward.tell(potassium("", status="W"))
    assert set(ward.cases().values()) == {"retracted"}
    assert _retraction(ward) == "potassium was withdrawn since: it was another patient's"


def _retraction(ward):
    (case,) = _all(ward)
    entries = ward.desk.cases.entries(case.alert_id)
    return next(one.note for one in entries if one.event == "retract")


def test_value_that_was_corrected_and_is_still_critical_is_told_and_no_more(ward):
    ward.tell(potassium("7.1"))
    ward.tell(potassium("6.9", status="C"))
    assert "raised" in ward.cases().values()
    assert "retracted" not in ward.cases().values()
    assert ("corrected", "potassium was corrected since") in ward.notes()


def test_correction_is_told_once_however_often_the_desk_looks(ward):
    ward.tell(potassium("7.1"))
    ward.tell(potassium("6.9", status="C"))
    before = ward.notes()
    ward.tell(potassium("4.0", "1145"))
    ward.keep_up()
    assert ward.notes() == before


def test_correction_that_came_while_the_desk_was_down_is_found_when_it_starts(ward):
    ward.tell(potassium("7.1"), keeps_up=False)
    ward.tell(potassium("4.1", status="C"), keeps_up=False)
    assert set(ward.cases().values()) == {"raised"}
    ward.keep_up()
    assert set(ward.cases().values()) == {"retracted"}


def test_case_that_somebody_has_is_taken_back_too(ward):
    ward.tell(potassium("7.1"))
    (case,) = ward.desk.cases.open(Scope(None), limit=10)
    ward.desk.cases.act(case.alert_id, Act("acknowledge", ward.clock.now(), by="nurse"))
    ward.tell(potassium("4.1", status="C"))
    assert set(ward.cases().values()) == {"retracted"}


def test_values_of_others_take_nothing_back(ward):
    ward.tell(potassium("7.1"), potassium("7.2", patient="2"))
    ward.tell(potassium("4.1", status="C", patient="2"))
    assert sorted(case.state for case in _all(ward)) == ["raised", "retracted"]


def _all(ward):
    now = ward.clock.now()
    return ward.desk.cases.history(Scope(None), now - timedelta(days=1), now + timedelta(days=1))


def test_case_follows_its_patient_to_another_unit(ward):
    ward.tell(placed("A01", "MICU", "1100"), potassium("7.1"))
    assert _units(ward) == ["MICU"]
    ward.tell(placed("A02", "WEST", "1202"))
    assert _units(ward) == ["WEST"]
    assert ("moved", "moved to WEST") in ward.notes()


def test_case_of_somebody_who_was_discharged_stays_where_it_is(ward):
    ward.tell(placed("A01", "MICU", "1100"), potassium("7.1"))
    ward.tell(placed("A03", "MICU", "1202"))
    assert _units(ward) == ["MICU"]


def test_case_of_merged_identifiers_says_so_once_and_is_not_taken_back(ward):
    ward.tell(potassium("7.1"))
    ward.tell(merged("1", "9"))
    ward.tell(potassium("4.0", "1145", patient="9"))
    assert set(ward.cases().values()) == {"raised"}
    assert [reason for reason, _ in ward.notes()] == ["identity"]
    assert ward.keeping.picture.identity("H", "1").survivor == "9"


def test_merge_of_before_the_alert_is_no_news_to_it(ward):
    ward.tell(merged("1", "9"))
    ward.tell(potassium("7.1", patient="1"))
    ward.keep_up()
    assert (set(ward.cases().values()), ward.notes()) == ({"raised"}, [])


def test_one_case_that_cannot_be_weighed_keeps_no_other_from_it(ward):
    ward.tell(potassium("7.1"), potassium("7.2", patient="2"))
    first = min(ward.keeping.reevaluation.watched)
    torn = {"evidence": [{"offset": 0}]}
    case = ward.keeping.reevaluation.watched[first]
    ward.keeping.reevaluation.watched[first] = replace(case, payload=case.payload | torn)
    ward.tell(potassium("4.1", status="C"), potassium("4.1", status="C", patient="2"))
    assert sorted(case.state for case in _all(ward)) == ["raised", "retracted"]


def test_correction_that_comes_under_the_surviving_identifier_takes_the_alert_back(ward):
    ward.tell(potassium("7.1"))
    ward.tell(merged("1", "9"))
    ward.tell(potassium("4.1", status="C", patient="9"))
    assert set(ward.cases().values()) == {"retracted"}


def test_case_of_which_the_picture_lacks_the_message_waits_for_it(ward):
    """An alert is committed before its message: the picture may still know the unit before."""
    ward.tell(placed("A01", "MICU", "1100"))
    messages = [placed("A02", "WEST", "1202"), potassium("7.1")]
    received = [ward.clock.move(minutes=1) for _ in messages]
    alerts = ward.folded(messages, received)
    tell_facts(ward.desk.lake, messages, received, ward.told)
    take_alerts(ward.desk, *alerts)
    ward.keep_up()
    assert _units(ward) == ["WEST"]
    tell_messages(ward.desk.lake, received, ward.told)
    ward.keep_up()
    assert (_units(ward), ward.notes()) == (["WEST"], [])
