"""Every answer: strict headers, nothing of what was sent, and no error that tells of a patient.

Here: headers, host names, errors. Not here: who may come in (test_guard.py).
"""

import pytest
from structlog.testing import capture_logs

from streaming.desk.web.app import LONGEST_BODY
from tests.streaming.desk.desks import SetClock, desk_at
from tests.streaming.desk.web.logins import audit_of, browser, logged_in
from tests.streaming.desk.web.probes import probed

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, SetClock()) as made:
        yield made


@pytest.fixture
def app(desk):
    return probed(desk)


@pytest.mark.parametrize("path", ["/login", "/probe/page", "/nowhere", "/probe/bug", "/static/x"])
def test_every_answer_keeps_the_browser_strict(desk, app, path):
    headers = logged_in(app, desk).get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert "strict-transport-security" not in headers


def test_no_page_of_the_shell_has_a_script_or_a_style_in_it(desk, app):
    client = logged_in(app, desk, ["clinician", "privacy", "admin"], None)
    for path in ("/login", "/account", "/glass", "/review", "/audit", "/probe/page"):
        page = client.get(path)
        assert page.status_code == 200
        assert "<style" not in page.text
        assert " style=" not in page.text
        assert not [part for part in page.text.split("<script")[1:] if not part.startswith(" src=")]
        assert "not for clinical use without local assessment" in page.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::2]", "", "["])
def test_a_foreign_name_for_our_address_is_not_answered(app, host):
    assert browser(app).get("/login", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:9100", "localhost", "[::1]:9100"])
def test_our_own_names_are_answered(app, host):
    assert browser(app).get("/login", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/alerts/a%00b", "/probe/page?told=%00", "/password/%00"])
def test_an_address_with_a_nul_is_none_of_ours(desk, app, path):
    assert logged_in(app, desk).get(path).status_code == 400


def test_markup_in_what_is_shown_stays_text(desk, app):
    shown = logged_in(app, desk).get("/probe/page", params={"told": MARKUP}).text
    assert MARKUP not in shown
    assert "&lt;img src=x" in shown


@pytest.mark.parametrize("path", ["/login?next=", "/glass?unit=", "/glass?patient="])
def test_markup_in_an_address_stays_text(desk, app, path):
    shown = logged_in(app, desk).get(f"{path}/{MARKUP}").text
    assert "<img" not in shown


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"accept": "text/html"}, "text/html"),
        ({"hx-request": "true"}, "text/html"),
        ({"accept": "application/json"}, "application/problem+json"),
    ],
)
def test_an_unforeseen_error_tells_nothing_of_what_it_was_about(desk, app, headers, kind):
    client = logged_in(app, desk)
    with capture_logs() as lines:
        answer = client.get("/probe/bug", headers=headers)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith(kind)
    assert "SMITH" not in answer.text
    (line,) = lines
    assert line["error"].startswith("ValueError")
    assert "SMITH" not in str(line)


def test_what_was_sent_wrongly_is_named_and_not_repeated(desk, app):
    client = logged_in(app, desk, ["admin"], ())
    answer = client.get("/api/v1/audit", params={"since": "MRN-4711"})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("since.")
    assert "4711" not in answer.text


def test_a_body_that_no_form_of_ours_has_is_refused(app):
    assert browser(app).post("/login", data={"name": "x" * LONGEST_BODY}).status_code == 413


@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_that_is_too_long_is_the_senders_fault_and_no_error_of_ours(desk, app, has_length):
    client = logged_in(app, desk, ["clinician"])
    body = b"reason=" + b"x" * LONGEST_BODY
    headers = {"content-type": "application/x-www-form-urlencoded"}
    with capture_logs() as said:
        answer = client.post(
            "/alerts/1/decline", content=body if has_length else iter([body]), headers=headers
        )
    assert answer.status_code == 413
    assert [(line["event"], line["log_level"]) for line in said] == [("body_too_long", "warning")]


def test_htmx_is_led_to_the_log_in_and_is_given_fragments(desk, app):
    answer = browser(app).get("/probe/board", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")
    client = logged_in(app, desk, ["viewer"])
    refused = client.post("/probe/alerts/1/act", headers={"hx-request": "true"})
    assert refused.status_code == 403
    assert refused.text.startswith('<p class="refusal"')


def test_the_api_describes_itself_to_nobody_by_itself(app):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert browser(app).get(path).status_code == 404


def test_the_audit_is_exported_in_parts_and_its_export_is_in_it(desk, app):
    client = logged_in(app, desk, ["privacy"], ())
    for _ in range(3):
        client.get("/probe/board")
    first = client.get("/api/v1/audit").json()["entry"]
    assert [entry["resource"]["id"] for entry in first] == [f"desk-{n}" for n in range(1, 5)]
    rest = client.get("/api/v1/audit", params={"after": 4}).json()["entry"]
    assert [entry["resource"]["id"] for entry in rest] == ["desk-5"]
    assert [entry.action for entry in audit_of(desk)][-2:] == ["audit.export"] * 2


def test_refusals_of_who_is_not_logged_in_fill_no_disk(desk, app):
    for _ in range(130):
        browser(app).get("/probe/board")
    assert len(audit_of(desk)) == 120
    assert app.state.shell.flood.unwritten == 10
    desk.clock.move(minutes=1)
    browser(app).get("/probe/board")
    assert len(audit_of(desk)) == 121
