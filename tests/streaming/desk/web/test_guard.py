"""The guard: every route says what it needs; who may not is refused, and it is written down.

Here: each route of the real app for nobody, for each role, and without the session's token. Not
here: logging in (test_login.py), or what pages show.
"""

import pytest
from fastapi import APIRouter, FastAPI

from streaming.desk.accounts import people
from streaming.desk.accounts.permissions import MATRIX, PERMISSIONS, ROLES
from streaming.desk.scopes import Scope
from streaming.desk.store.writing import reading
from streaming.desk.web.app import desk_app
from streaming.desk.web.guard import Needs, Public, needs, policies, public
from tests.streaming.desk.desks import SetClock, alert, desk_at, take_alerts
from tests.streaming.desk.web.logins import (
    audit_of,
    browser,
    log_in,
    logged_in,
    with_token,
)
from tests.streaming.desk.web.probes import probed

FILLED = {"facility": "BETH", "patient_id": "MRN-0", "alert_id": "none", "unit": "MICU"}


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, SetClock()) as made:
        yield made


@pytest.fixture
def app(desk):
    return probed(desk)


def _calls(app, kind, filled=FILLED):
    """Method, address and policy of every route of a kind."""
    for route, (policy,) in policies(app):
        if isinstance(policy, kind):
            path = route.path
            for name in route.param_convertors:
                path = path.replace("{" + name + "}", filled.get(name, "1"))
                path = path.replace("{" + name + ":path}", filled.get(name, "1"))
            for method in sorted(route.methods - {"HEAD", "OPTIONS"}):
                yield method, path, policy


def test_every_route_without_a_log_in_is_refused_and_written_down(desk, app):
    calls = list(_calls(app, Needs))
    for method, path, _ in calls:
        answer = browser(app).request(method, path, headers={"accept": "application/json"})
        assert (answer.status_code, path) == (401, path)
    refused = [entry for entry in audit_of(desk) if entry.outcome == "refused"]
    assert len(refused) == len(calls) > 10
    assert {entry.who for entry in refused} == {"-"}


@pytest.mark.parametrize("role", ROLES)
def test_every_route_that_a_role_does_not_include_is_refused_and_written_down(desk, app, role):
    client = logged_in(app, desk, [role], None)
    forbidden = [call for call in _calls(app, Needs) if call[2].permission not in MATRIX[role]]
    for method, path, _ in forbidden:
        answer = client.request(method, path, headers={"accept": "application/json"})
        assert (answer.status_code, path) == (403, path)
    refused = [entry for entry in audit_of(desk) if entry.action == "refusal"]
    assert len(refused) == len(forbidden) > 0


@pytest.mark.parametrize("sent", ["no token", "another's token", "another site", "other origin"])
def test_every_change_that_is_not_from_a_page_of_ours_is_refused_and_written_down(desk, app, sent):
    client = logged_in(app, desk, ROLES, None)
    headers = {
        "no token": {"x-csrf-token": ""},
        "another's token": {"x-csrf-token": log_in(app, _only_name(desk)).headers["x-csrf-token"]},
        "another site": {"sec-fetch-site": "cross-site"},
        "other origin": {"origin": "https://evil.example"},
    }[sent]
    changes = [call for call in _calls(app, Needs) if call[0] != "GET"]
    for method, path, _ in changes:
        answer = client.request(method, path, headers=headers | {"accept": "application/json"})
        assert (answer.status_code, path) == (403, path)
    assert len([entry for entry in audit_of(desk) if entry.action == "refusal"]) == len(changes) > 3


def _only_name(desk):
    with reading(desk.engine) as connection:
        (person,) = people.everyone(connection)
    return person.name


def test_forms_before_a_log_in_need_their_own_token(desk, app):
    forms = [call for call in _calls(app, Public) if call[0] == "POST" and not call[2].signed]
    for method, path, _ in forms:
        client = browser(app)
        client.get("/login")
        assert client.request(method, path, data={"csrf_token": "x"}).status_code == 403
        assert browser(app).request(method, path).status_code == 403
    assert len(forms) >= 2


def test_another_method_in_header_or_form_changes_nothing(desk, app):
    client = logged_in(app, desk)
    answer = client.get(
        "/probe/alerts/1/act", headers={"x-http-method-override": "POST", "x-method": "POST"}
    )
    assert answer.status_code == 405


def test_the_viewer_sees_own_units_alone_and_the_refusal_names_the_patient_in_the_audit(desk, app):
    take_alerts(desk, alert(0), alert(1, unit="SICU"))
    client = logged_in(app, desk)
    assert client.get("/probe/board").json()["cases"] == [alert(0)["alert_id"]]
    assert client.get(f"/probe/alerts/{alert(0)['alert_id']}").status_code == 200
    answer = client.get(f"/probe/alerts/{alert(1)['alert_id']}")
    assert answer.status_code == 403
    assert "/glass?unit=SICU" in answer.text
    last = audit_of(desk)[-1]
    assert (last.action, last.outcome, last.patients) == ("refusal", "refused", ("BETH/MRN-1",))
    assert last.where == "GET /probe/alerts/{alert_id}"


@pytest.mark.parametrize("role", ["viewer", "lead"])
def test_no_route_of_an_alert_or_a_patient_shows_a_foreign_one(desk, app, role):
    take_alerts(desk, alert(0, unit="SICU"))
    foreign = {"alert_id": alert(0)["alert_id"], "patient_id": "MRN-0"}
    client = logged_in(app, desk, [role])
    asked = 0
    for method, path, policy in _calls(app, Needs, FILLED | foreign | {"event": "acknowledge"}):
        if any(value in path for value in foreign.values()) and policy.permission in MATRIX[role]:
            answer = client.request(method, path, json={"act": "acknowledge"})
            assert (answer.status_code, path) == (403, path)
            assert alert(0)["title"] not in answer.text
            asked += 1
    refused = [entry for entry in audit_of(desk) if entry.outcome == "refused"]
    assert len(refused) == asked > 5
    # One road asks by number alone, and no facility of the lake is known to have this number.
    assert {entry.patients for entry in refused} == {("BETH/MRN-0",), ("/MRN-0",)}
    assert desk.cases.one(alert(0)["alert_id"]).state == "raised"


@pytest.mark.parametrize(("unit", "code"), [("MICU", 200), ("SICU", 403), (None, 403)])
def test_a_patient_is_shown_on_ones_own_unit_alone(desk, app, unit, code):
    at = {"unit": unit} if unit else {}
    answer = logged_in(app, desk).get("/probe/patients/BETH/7", params=at)
    assert answer.status_code == code


def test_broken_glass_opens_one_patient_for_an_hour_and_privacy_is_told(desk, app):
    client = logged_in(app, desk)
    reason = {"patient": "BETH/7", "reason": "crash call on the corridor"}
    assert client.post("/glass", data=reason).headers["location"] == "/patients/BETH/7"
    assert client.get("/probe/patients/BETH/7").status_code == 200
    assert client.get("/probe/patients/BETH/8").status_code == 403
    assert "GLASS BROKEN" in client.get("/probe/page").text
    told = [entry for entry in audit_of(desk) if entry.action == "glass.break"]
    assert [(entry.patients, entry.why) for entry in told] == [(("BETH/7",), reason["reason"])]
    (case,) = [case for case in desk.cases.open(Scope(frozenset())) if case.technical]
    assert "7" not in case.title + str(case.payload.get("detail"))
    desk.clock.move(minutes=10)
    client.get("/probe/page")
    desk.clock.move(minutes=10)
    for _ in range(5):
        client.get("/probe/page")
        desk.clock.move(minutes=10)
    assert client.get("/probe/patients/BETH/7").status_code == 403


def test_the_queue_of_broken_glass_is_closed_by_the_privacy_officer(desk, app):
    nurse, officer = logged_in(app, desk), logged_in(app, desk, ["privacy"])
    nurse.post("/glass", data={"unit": "SICU", "reason": "<script>alert(1)</script>"})
    page = officer.get("/review").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert officer.post("/review/1", data={"verdict": "in_order"}).status_code == 303
    assert officer.post("/review/1", data={"verdict": "in_order"}).status_code == 422
    assert desk.cases.open(Scope(frozenset())) == []


def test_a_token_opens_what_it_was_granted_and_nothing_else(desk, app):
    service = with_token(app, desk, "patients.read", units=["MICU"])
    assert service.get("/probe/patients/BETH/7?unit=MICU").status_code == 200
    assert service.get("/probe/patients/BETH/7?unit=SICU").status_code == 403
    assert service.get("/probe/board").status_code == 403
    assert service.post("/glass").status_code == 403
    service.headers["authorization"] += "x"
    assert service.get("/probe/patients/BETH/7?unit=MICU").status_code == 401


def test_each_right_opens_something(app):
    assert {policy.permission for _, _, policy in _calls(app, Needs)} == set(PERMISSIONS)


def test_a_route_that_says_nothing_or_says_two_things_stops_the_start(desk):
    silent, double = APIRouter(), APIRouter()
    silent.add_api_route("/silent", lambda: None)
    double.add_api_route("/double", lambda: None, dependencies=[public(), needs("self")])
    for router in (silent, double):
        with pytest.raises(RuntimeError, match="policies"):
            desk_app(desk, router)


def test_a_route_added_behind_another_app_is_no_way_in(desk):
    router, inner = APIRouter(), FastAPI()
    inner.add_api_route("/secret", lambda: None)
    router.mount("/inner", inner)
    with pytest.raises(RuntimeError, match="policies"):
        desk_app(desk, router)


def test_looking_quietly_keeps_no_session_alive_and_clicking_does(desk, app):
    client = logged_in(app, desk)
    desk.clock.move(minutes=10)
    assert client.get("/probe/quiet").status_code == 200
    desk.clock.move(minutes=10)
    assert client.get("/probe/quiet").status_code == 303
    client = log_in(app, _only_name(desk))
    desk.clock.move(minutes=10)
    assert client.get("/probe/board").status_code == 200
    desk.clock.move(minutes=10)
    assert client.get("/probe/board").status_code == 200


def test_form_fields_carry_the_token_too(desk, app):
    client = logged_in(app, desk)
    token = client.headers.pop("x-csrf-token")
    assert client.post("/logout", data={"csrf_token": "x"}).status_code == 403
    assert client.post("/logout", data={"csrf_token": token}).status_code == 303
    assert client.get("/probe/board").status_code == 303


def test_nobody_learns_whether_a_body_was_right(desk, app):
    acts = "/api/v1/alerts/none/acts"
    sent = {"content": b"{", "headers": {"content-type": "application/json"}}
    assert browser(app).post(acts, **sent).status_code == 401
    assert logged_in(app, desk, ["viewer"]).post(acts, **sent).status_code == 403
    assert logged_in(app, desk, ["lead"]).post(acts, **sent).status_code == 422
    assert [entry.outcome for entry in audit_of(desk)] == ["refused", "refused"]
