"""What an alert rests on, as it is read: scores with their inputs, and what was not measured."""

from datetime import timedelta

from streaming.desk.pages import readings
from tests.streaming.desk.pages.cases import NEWS2_EVIDENCE, NOW, ago, evidence, score

RAISED = ago(minutes=4)


def test_row_shows_the_score_first_and_each_reading_once():
    both = [*NEWS2_EVIDENCE[1:], NEWS2_EVIDENCE[1], NEWS2_EVIDENCE[0]]
    labels = [one.label for one in readings.brief(both, RAISED)]
    assert labels == ["NEWS2", "RR", "SpO2", "Oxygen", "SBP"]


def test_score_is_followed_by_its_inputs_and_what_it_lacks():
    (group,) = readings.groups(NEWS2_EVIDENCE, ["temperature"], RAISED)
    assert (group.label, group.value) == ("NEWS2", "9")
    assert [one.label for one in group.readings][-1] == "Body temperature"
    assert group.readings[-1].missing


def test_readings_without_a_score_stand_alone():
    (group,) = readings.groups([evidence("potassium", 7.3, "mmol/L")], [], RAISED)
    assert group.label == ""
    assert (group.readings[0].value, group.readings[0].unit) == ("7.3", "mmol/L")


def test_missing_alone_is_still_shown():
    (group,) = readings.groups([], ["spo2"], RAISED)
    assert [one.missing for one in group.readings] == [True]


def test_value_is_old_past_half_of_the_time_for_which_it_speaks():
    assert not readings.is_old("heart_rate", NOW - timedelta(hours=6), NOW)
    assert readings.is_old("heart_rate", NOW - timedelta(hours=6, seconds=1), NOW)
    assert not readings.is_old("no_concept", NOW - timedelta(days=9), NOW)


def test_reading_leads_to_the_message_that_brought_it():
    (group,) = readings.groups([evidence("spo2", 90.0, "%", feed="a/b c")], [], RAISED)
    assert group.readings[0].href == "messages/a%2Fb%20c/0/70267"


def test_score_leads_to_no_message():
    (group,) = readings.groups([score("news2", "rcp2017", 9.0)], [], RAISED)
    assert group.readings == ()


def test_unknown_value_is_said_to_be_unknown():
    (one,) = readings.brief([evidence("lactate", None, "mmol/L")], RAISED)
    assert one.value == "not known"


def test_event_is_said_in_words_and_its_unit_is_none():
    (one,) = readings.brief([evidence("culture", 1.0, "")], RAISED)
    assert (one.value, one.unit) == ("yes", "")
