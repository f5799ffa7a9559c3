"""Logging in, off, and setting passwords, as a browser does it.

Here: forms, cookies, one-time links. Not here: the rules behind them (../accounts).
"""

import pytest

from streaming.desk.accounts import links, passwords
from streaming.desk.store.writing import writing
from streaming.desk.web.login_pages import local
from tests.streaming.desk.desks import SetClock, desk_at
from tests.streaming.desk.web.logins import (
    PASSWORD,
    add_person,
    audit_of,
    browser,
    form_token,
    logged_in,
)
from tests.streaming.desk.web.probes import probed

HASH = passwords.hashed(PASSWORD)
WRONG, NEW = "x", "seven slow snails in a boat"


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, SetClock()) as made:
        yield made


@pytest.fixture
def app(desk):
    return probed(desk)


def _try(client, name="nurse", password=PASSWORD, **said):
    token = form_token(client.get("/login").text)
    return client.post(
        "/login", data={"name": name, "password": password, "csrf_token": token} | said
    )


def _link(desk, person):
    with writing(desk.engine) as connection:
        return links.create(connection, person, desk.clock.now())


def test_the_right_password_leads_to_where_one_wanted_to_go(desk, app):
    add_person(desk, password=HASH)
    client = browser(app)
    asked = client.get("/probe/board?unit=MICU")
    assert asked.headers["location"] == "/login?next=%2Fprobe%2Fboard%3Funit%3DMICU"
    entered = _try(client, " Nurse ", next="/probe/board?unit=MICU")
    assert entered.headers["location"] == "/probe/board?unit=MICU"
    assert client.get("/probe/board").json()["viewer"] == "nurse"


@pytest.mark.parametrize(
    ("role", "page"), [("clinician", "/"), ("privacy", "/review"), ("admin", "/audit")]
)
def test_everybody_begins_with_a_page_that_opens_for_them(desk, app, role, page):
    add_person(desk, roles=[role], units=(), password=HASH)
    client = browser(app)
    assert _try(client).headers["location"] == page
    assert client.get(page).status_code == 200


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(desk, app):
    add_person(desk, password=HASH)
    cookie = _try(browser(app)).headers["set-cookie"]
    assert cookie.startswith("pulsehouse=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_over_tls_the_cookie_is_bound_to_the_host_and_the_browser_stays_with_tls(tmp_path):
    with desk_at(tmp_path, SetClock(), desk_url="https://desk.example") as desk:
        add_person(desk, password=HASH)
        client = browser(probed(desk))
        client.base_url = "https://desk.example"
        cookie = _try(client).headers["set-cookie"]
        assert cookie.startswith("__Host-pulsehouse=")
        assert "Secure" in cookie
        assert "strict-transport-security" in client.get("/login").headers


def test_a_wrong_password_and_a_wrong_name_are_answered_alike(desk, app):
    add_person(desk, password=HASH)
    wrong, unknown = _try(browser(app), password=WRONG), _try(browser(app), "nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert "do not belong together" in unknown.text
    told = [(entry.outcome, entry.why) for entry in audit_of(desk)]
    assert told == [("refused", "wrong: nurse"), ("refused", "wrong: no such account")]


def test_after_five_wrong_tries_one_waits(desk, app):
    add_person(desk, password=HASH)
    client = browser(app)
    assert [_try(client, password=WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
    assert _try(client).status_code == 429
    desk.clock.move(seconds=16)
    assert _try(client).status_code == 303


def test_a_proxy_on_this_machine_tells_whom_it_stands_for_and_nobody_else_does(desk, app):
    add_person(desk, password=HASH)
    client = browser(app)
    for _ in range(5):
        client.headers["x-forwarded-for"] = "10.0.0.7"
        _try(client, password=WRONG)
    assert _try(client).status_code == 429
    client.headers["x-forwarded-for"] = "10.0.0.8"
    assert _try(client).status_code == 303
    lying = browser(app, "10.0.0.7")
    lying.headers["x-forwarded-for"] = "10.0.0.9"
    assert _try(lying).status_code == 429


def test_a_name_that_no_account_can_have_is_a_wrong_one(desk, app):
    assert _try(browser(app), name="a\0b").status_code == 401


def test_a_password_in_the_wrong_field_is_written_down_nowhere(desk, app):
    _try(browser(app), name=PASSWORD)
    assert PASSWORD not in repr(audit_of(desk))


def test_logging_off_ends_the_session_and_not_only_the_cookie(desk, app):
    client = logged_in(app, desk)
    cookie = client.cookies["pulsehouse"]
    gone = client.post("/logout")
    assert '"storage"' in gone.headers["clear-site-data"]
    assert any(
        "pulsehouse=" in one and "Max-Age=0" in one for one in gone.headers.get_list("set-cookie")
    )
    client.cookies.set("pulsehouse", cookie)
    assert client.get("/probe/board").status_code == 303


def test_a_session_that_one_had_before_logging_in_is_not_carried_on(desk, app):
    add_person(desk, password=HASH)
    client = browser(app)
    _try(client)
    first = client.cookies["pulsehouse"]
    _try(client)
    assert client.cookies["pulsehouse"] != first
    client.cookies.set("pulsehouse", first)
    assert client.get("/probe/board").status_code == 303


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "",
    ],
)
def test_no_link_leads_out_of_the_desk_after_the_log_in(back):
    assert local(back) == "/"


def test_a_click_in_a_mail_finds_the_session_that_a_strict_cookie_held_back(desk, app):
    mail = {"sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"}
    first = browser(app).get("/probe/page", headers=mail)
    assert first.status_code == 200
    assert 'http-equiv="refresh" content="0"' in first.text
    again = browser(app).get("/probe/page", headers=mail | {"sec-fetch-site": "same-origin"})
    assert again.status_code == 303
    frame = browser(app).get("/probe/page", headers=mail | {"sec-fetch-mode": "no-cors"})
    assert frame.status_code == 303


def test_the_first_account_is_made_once_by_who_sits_at_the_machine(desk, app):
    secret = _link(desk, None)
    assert browser(app, "10.0.0.7").get(f"/password/{secret}").status_code == 404
    through = {"x-forwarded-for": "127.0.0.1, 10.0.0.7"}
    assert browser(app).get(f"/password/{secret}", headers=through).status_code == 404
    client = browser(app)
    token = form_token(client.get(f"/password/{secret}").text)
    said = {"csrf_token": token, "name": "ada", "display": "Ada L.", "new": PASSWORD}
    assert client.post(f"/password/{secret}", data=said | {"new": "short"}).status_code == 422
    assert client.post(f"/password/{secret}", data=said).status_code == 303
    assert client.post(f"/password/{secret}", data=said).status_code == 404
    assert client.get(f"/password/{_link(desk, None)}").status_code == 404
    assert _try(client, "ada").status_code == 303


def test_a_link_sets_a_password_once_and_a_replayed_one_does_nothing(desk, app):
    add_person(desk)
    secret, client = _link(desk, "nurse"), browser(app)
    token = form_token(client.get(f"/password/{secret}").text)
    said = {"csrf_token": token, "new": PASSWORD}
    assert client.post(f"/password/{secret}", data=said).status_code == 303
    assert client.post(f"/password/{secret}", data=said | {"new": "x" * 40}).status_code == 404
    desk.clock.move(days=1)
    assert client.get(f"/password/{secret}").status_code == 404
    assert _try(client).status_code == 303


def test_a_changed_password_ends_every_session_and_needs_the_old_one(desk, app):
    add_person(desk, password=HASH)
    here, elsewhere = browser(app), browser(app)
    _try(here)
    _try(elsewhere)
    token = form_token(here.get("/account").text)
    wish = {"csrf_token": token, "old": "wrong", "new": NEW}
    assert here.post("/account", data=wish).status_code == 422
    assert here.post("/account", data=wish | {"old": PASSWORD}).status_code == 303
    assert elsewhere.get("/probe/board").status_code == 303
    assert _try(here).status_code == 401
    assert _try(here, password=NEW).status_code == 303
