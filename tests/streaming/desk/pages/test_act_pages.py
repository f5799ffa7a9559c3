"""Answers over HTTP: done once, refused in words, and never on somebody else's unit."""

import pytest

from tests.streaming.desk.web.logins import audit_of, browser, logged_in

ALERT = "/alerts/mimic3-1000-1-news2"
HTMX = {"hx-request": "true"}


def test_acknowledged_alert_comes_back_as_a_row_that_is_mine(nurse):
    answer = nurse.post(f"{ALERT}/acknowledge", headers=HTMX)
    assert answer.status_code == 200
    assert "data-mine" in answer.text
    assert "Clinician.Micu has it" in answer.text


def test_without_scripts_an_answer_leads_back_to_the_alert(nurse):
    answer = nurse.post(f"{ALERT}/acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, ALERT)


def test_second_of_two_is_told_who_has_it_and_since_when(nurse, app, desk):
    other = logged_in(app, desk, ["lead"], ["MICU"])
    other.post(f"{ALERT}/acknowledge", headers=HTMX)
    answer = nurse.post(f"{ALERT}/acknowledge", headers=HTMX)
    assert answer.status_code == 409
    assert "lead.micu has had this since" in answer.text


def test_same_request_is_done_once(nurse, desk):
    for _ in range(2):
        nurse.post(f"{ALERT}/acknowledge", headers=HTMX | {"idempotency-key": "k1"})
    nurse.post(f"{ALERT}/unacknowledge", data={"reason": "busy"}, headers=HTMX)
    nurse.post(f"{ALERT}/acknowledge", headers=HTMX | {"idempotency-key": "k1"})
    assert desk.cases.one("mimic3-1000-1-news2").owner is None


def test_answer_is_written_into_the_audit_with_alert_and_patient(nurse, desk):
    nurse.post(f"{ALERT}/acknowledge", headers=HTMX)
    (entry,) = [one for one in audit_of(desk) if one.action == "alert.acknowledge"]
    assert (entry.alerts, entry.patients) == (("mimic3-1000-1-news2",), ("BETH/MRN-1",))
    assert entry.where == "POST /alerts/{alert_id}/{event}"


def test_act_that_is_refused_stands_in_the_audit_as_refused_with_the_reason(nurse, app, desk):
    logged_in(app, desk, ["lead"], ["MICU"]).post(f"{ALERT}/acknowledge", headers=HTMX)
    nurse.post(f"{ALERT}/acknowledge", headers=HTMX)
    found = [(one.outcome, one.why) for one in audit_of(desk) if one.action == "alert.acknowledge"]
    assert found == [("ok", None), ("refused", "taken_by_other")]


@pytest.mark.parametrize("part", ["reason", "note", "to"])
def test_text_that_no_store_can_hold_is_the_senders_fault(nurse, part):
    nurse.post(f"{ALERT}/acknowledge", headers=HTMX)
    sent = {"act": "decline", "reason": "known", part: "a\0b"}
    assert nurse.post(f"/api/v1{ALERT}/acts", json=sent).status_code == 422
    form = {"words" if part == "note" else part: "a\0b"}
    assert nurse.post(f"{ALERT}/decline", data=form, headers=HTMX).status_code == 422


@pytest.mark.parametrize(
    ("event", "told", "state"),
    [
        ("decline", {"reason": "known"}, "declined"),
        ("decline", {"reason": "other", "words": "looked at it"}, "declined"),
        ("confirm", {}, "confirmed"),
        ("snooze", {"minutes": "15"}, "snoozed"),
        ("hand_over", {"to": "b.okafor"}, "handed_over"),
        ("resolve", {"reason": "treated"}, "resolved"),
        ("unacknowledge", {"reason": "busy"}, "raised"),
    ],
)
def test_every_answer_is_done(nurse, desk, event, told, state):
    nurse.post(f"{ALERT}/acknowledge", headers=HTMX)
    assert nurse.post(f"{ALERT}/{event}", data=told, headers=HTMX).status_code == 200
    assert desk.cases.one("mimic3-1000-1-news2").state == state


@pytest.mark.parametrize(
    ("event", "told", "said"),
    [
        ("decline", {}, "A reason is needed"),
        ("decline", {"reason": "other"}, "Say in a few words"),
        ("snooze", {"minutes": "16"}, "can be snoozed for 15 minutes"),
        ("hand_over", {}, "Say whom it is handed to"),
    ],
)
def test_refused_answer_says_why_and_changes_nothing(nurse, desk, event, told, said):
    nurse.post(f"{ALERT}/acknowledge", headers=HTMX)
    answer = nurse.post(f"{ALERT}/{event}", data=told, headers=HTMX)
    assert (answer.status_code, said in answer.text) == (409, True)
    assert desk.cases.one("mimic3-1000-1-news2").state == "acknowledged"


@pytest.mark.parametrize("event", ["worsen", "retract", "expire", "escalate", "nonsense"])
def test_what_only_the_desk_does_has_no_address(nurse, event):
    assert nurse.post(f"{ALERT}/{event}", headers=HTMX).status_code == 404


def test_alert_of_another_unit_is_refused_and_left_alone(nurse, desk):
    answer = nurse.post("/alerts/mimic3-1000-9-news2/acknowledge", headers=HTMX)
    assert answer.status_code == 403
    assert desk.cases.one("mimic3-1000-9-news2").owner is None


def test_without_a_login_nothing_is_answered(app):
    assert browser(app).post(f"{ALERT}/acknowledge").status_code == 401


def test_viewer_may_look_and_not_answer(app, desk):
    viewer = logged_in(app, desk, ["viewer"], ["MICU"])
    assert viewer.get(ALERT).status_code == 200
    assert viewer.post(f"{ALERT}/acknowledge", headers=HTMX).status_code == 403


@pytest.mark.parametrize("event", ["decline", "snooze", "hand_over", "resolve", "unacknowledge"])
def test_form_of_an_answer_stands_alone_and_in_a_dialog(nurse, event):
    page = nurse.get(f"{ALERT}/ask/{event}").text
    dialog = nurse.get(f"{ALERT}/ask/{event}?view=detail", headers=HTMX).text
    assert "<html" in page
    assert "<html" not in dialog
    assert 'name="view" value="detail"' in dialog


def test_snooze_offers_no_more_than_the_severity_allows(nurse):
    page = nurse.get(f"{ALERT}/ask/snooze").text
    assert "15 minutes" in page
    assert "30 minutes" not in page
