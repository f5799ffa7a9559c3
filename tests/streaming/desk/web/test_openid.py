"""Logging in with the hospital's own accounts, against a real provider in this process.

Here: there and back, and every answer that proves nothing. Not here: the provider
(../accounts/provider.py).
"""

import time

import httpx
import pytest
from joserfc.jwk import RSAKey

from lakehouse.errors import SettingsError
from lakehouse.settings import Settings
from streaming.desk.accounts.openid import Provider
from tests.streaming.desk.accounts.provider import CLIENT, SECRET, provider
from tests.streaming.desk.desks import SetClock, desk_at
from tests.streaming.desk.web.logins import add_person, audit_of, browser
from tests.streaming.desk.web.probes import probed


@pytest.fixture(scope="module")
def running():
    with provider() as known:
        yield known


@pytest.fixture
def hospital(running):
    """The provider, unspoilt again after each test."""
    yield running
    running.spoil, running.signs_with, running.told_issuer = {}, None, None
    running.claims = {"sub": "s-1", "preferred_username": "Nurse"}


@pytest.fixture
def desk(tmp_path, hospital):
    said = {"oidc_issuer": hospital.issuer, "oidc_client": CLIENT, "oidc_secret": SECRET}
    with desk_at(tmp_path, SetClock(), **said) as made:
        yield made


@pytest.fixture
def app(desk):
    return probed(desk)


def _there(client, back="/probe/board"):
    """Through the provider, to the address that it sends the browser back to."""
    leaving = client.get("/login/openid", params={"next": back})
    assert leaving.status_code == 302
    return httpx.get(leaving.headers["location"]).headers["location"]


def test_the_first_log_in_binds_the_account_of_its_name_and_later_ones_find_it(desk, app, hospital):
    add_person(desk)
    client = browser(app)
    entered = client.get(_there(client))
    assert entered.status_code == 200
    assert 'content="0;url=/probe/board"' in entered.text
    assert client.get("/probe/board").json()["viewer"] == "nurse"
    hospital.claims = {"sub": "s-1", "preferred_username": "renamed"}
    again = browser(app)
    again.get(_there(again))
    assert again.get("/probe/board").json()["viewer"] == "nurse"
    told = [entry.why for entry in audit_of(desk) if entry.action == "login"]
    assert told == ["openid", "openid"]


def test_a_replayed_answer_and_one_in_another_browser_log_nobody_in(desk, app):
    add_person(desk)
    client, thief = browser(app), browser(app)
    back = _there(client)
    assert thief.get(back).status_code == 401
    assert client.get(back).status_code == 200
    assert client.get(back).status_code == 401
    late = browser(app)
    back = _there(late)
    desk.clock.move(minutes=11)
    assert late.get(back).status_code == 401


def test_an_answer_with_another_state_logs_nobody_in(desk, app):
    add_person(desk)
    client = browser(app)
    back = _there(client)
    assert client.get(back.split("&state=")[0] + "&state=other").status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "http://127.0.0.1:1"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"exp": int(time.time()) - 3_600},
        {"exp": None},
    ],
    ids=lambda spoil: "-".join(map(str, spoil)),
)
def test_a_token_that_is_not_for_this_log_in_logs_nobody_in(desk, app, hospital, spoil):
    add_person(desk)
    hospital.spoil = spoil
    client = browser(app)
    refused = client.get(_there(client))
    assert refused.status_code == 401
    assert "proves nothing" in refused.text
    assert client.get("/probe/board").status_code == 303


def test_a_token_signed_by_another_key_logs_nobody_in(desk, app, hospital):
    add_person(desk)
    hospital.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    client = browser(app)
    assert client.get(_there(client)).status_code == 401


def test_who_has_no_account_at_the_desk_is_told_so_and_gets_none(desk, app, hospital):
    hospital.claims = {"sub": "s-9", "preferred_username": "stranger"}
    client = browser(app)
    refused = client.get(_there(client))
    assert refused.status_code == 401
    assert "no account at this desk" in refused.text


@pytest.mark.parametrize("email_is_verified", [True, False])
def test_a_verified_address_names_an_account_and_a_claimed_one_does_not(
    desk, app, hospital, email_is_verified
):
    add_person(desk, "nurse@hospital.example")
    address = {"email": "nurse@hospital.example", "email_verified": email_is_verified}
    hospital.claims = {"sub": "s-2"} | address
    client = browser(app)
    assert client.get(_there(client)).status_code == (200 if email_is_verified else 401)


def test_an_account_with_a_password_is_not_taken_over_by_its_name(desk, app):
    add_person(desk, password="$argon2id$kept")  # noqa: S106 no password, but that there is one
    client = browser(app)
    assert client.get(_there(client)).status_code == 401


def test_a_provider_that_calls_itself_otherwise_is_not_believed(desk, app, hospital):
    hospital.told_issuer = "https://evil.example"
    assert browser(app).get("/login/openid").status_code == 401


def test_a_provider_that_is_down_leaves_the_other_way_in(tmp_path):
    said = {"oidc_issuer": "http://127.0.0.1:1", "oidc_client": CLIENT}
    with desk_at(tmp_path, SetClock(), **said) as desk:
        answer = browser(probed(desk)).get("/login/openid")
    assert answer.status_code == 401
    assert "does not answer" in answer.text
    assert 'name="password"' in answer.text


@pytest.mark.parametrize(
    "said",
    [{"oidc_issuer": "http://idp.example", "oidc_client": "x"}, {"oidc_issuer": "https://x"}],
)
def test_settings_that_would_let_anybody_in_between_are_refused(said):
    with pytest.raises(SettingsError):
        Provider(Settings(**said))
