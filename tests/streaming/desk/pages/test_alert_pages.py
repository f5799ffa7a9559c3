"""The page of an alert: what it rests on, by which rule, who is told, what became of it."""

from datetime import timedelta

import pytest

from clinical.alerts import Act
from streaming.desk.pages.message_pages import as_text
from tests.streaming.desk.desks import FEED, START, alert, take_alerts
from tests.streaming.desk.pages.cases import write_message
from tests.streaming.desk.web.logins import audit_of

ALERT = "mimic3-1000-1-news2"
HL7 = b"MSH|^~\\&|A|B\rPID|1||MRN-1\r"


def test_page_says_what_the_alert_rests_on_and_what_is_missing(nurse):
    page = nurse.get(f"/alerts/{ALERT}").text
    assert "Heart rate" in page
    assert "131" in page
    assert "not measured" in page


def test_page_quotes_the_rule_with_version_limits_and_source(nurse):
    page = nurse.get(f"/alerts/{ALERT}").text
    for part in ("NEWS2 response bands", "version 1.0.0", "Limits", "Royal College of Physicians"):
        assert part in page


def test_page_says_when_the_nightly_job_would_have_shown_it(nurse):
    assert "17.0 h later" in nurse.get(f"/alerts/{ALERT}").text


def test_history_names_who_did_what_and_quotes_the_reason(nurse, desk):
    desk.cases.act(ALERT, Act("acknowledge", START, by="b.okafor"))
    act = Act("decline", START, by="b.okafor", reason="other", note="seen <b>twice</b>")
    desk.cases.act(ALERT, act)
    page = nurse.get(f"/alerts/{ALERT}").text
    assert "Taken by b.okafor" in page
    assert "Another reason: seen &lt;b&gt;twice" in page
    assert "This alert is closed" in page


def test_earlier_alerts_of_the_same_rule_and_patient_are_shown(nurse, desk):
    earlier = START - timedelta(days=2)
    again = alert(70, patient_id="MRN-1", title="Two days before", raised_at=earlier)
    take_alerts(desk, again)
    assert "Two days before" in nurse.get(f"/alerts/{ALERT}").text


def test_unknown_alert_is_not_found(nurse):
    assert nurse.get("/alerts/nothing").status_code == 404


def test_alert_of_another_unit_is_refused_with_the_way_to_break_the_glass(nurse):
    answer = nurse.get("/alerts/mimic3-1000-9-news2")
    assert answer.status_code == 403
    assert "/glass?unit=SICU" in answer.text


def test_reading_an_alert_is_written_into_the_audit(nurse, desk):
    nurse.get(f"/alerts/{ALERT}")
    (entry,) = [one for one in audit_of(desk) if one.action == "alert.read"]
    assert (entry.alerts, entry.patients) == ((ALERT,), ("BETH/MRN-1",))


@pytest.fixture
def message(desk):
    write_message(desk, 1, HL7)


def test_value_leads_to_the_message_that_brought_it(nurse, message):
    page = nurse.get(f"/alerts/{ALERT}").text
    path = f"/alerts/{ALERT}/messages/{FEED}/1000/1"
    assert path in page
    assert "PID|1||MRN-1" in nurse.get(path).text


def test_message_that_the_alert_does_not_rest_on_is_not_shown(nurse, message):
    assert nurse.get(f"/alerts/{ALERT}/messages/{FEED}/1000/2").status_code == 404


def test_segments_stand_on_lines_of_their_own():
    assert as_text(HL7).splitlines() == ["MSH|^~\\&|A|B", "PID|1||MRN-1"]
