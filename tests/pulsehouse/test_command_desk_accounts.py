"""`pulsehouse desk user | token`: accounts and tokens, each change in the audit.

Here: the commands. Not here: what a browser does with them (tests/streaming/desk/web).
"""

import json

import pytest

ADA = ("ada", "--display", "Ada L.", "--role", "clinician", "--unit", "MICU", "--unit", "SICU")


@pytest.fixture
def lake(tmp_path):
    return tmp_path / "lake"


def _audit(command, lake):
    events = command("audit", "export", "--lake", lake).out.splitlines()
    return [json.loads(event)["subtype"][0]["code"] for event in events]


def test_an_account_is_added_with_a_link_listed_and_disabled_and_all_is_in_the_audit(command, lake):
    added = command("desk", "user", "add", *ADA, "--lake", lake)
    assert (added.code, len(added.out.split())) == (0, 1)
    assert added.out.startswith("http://127.0.0.1:9100/password/")
    assert added.out.split("/")[-1].strip() not in added.err
    (person,) = json.loads(command("desk", "user", "list", "--lake", lake, "--json").out)
    assert person == {
        "name": "ada",
        "display": "Ada L.",
        "roles": ["clinician"],
        "units": ["MICU", "SICU"],
        "state": "has not logged in yet",
    }
    assign = ("desk", "user", "assign", "ada", "--role", "lead", "--unit", "*", "--lake", lake)
    assert command(*assign).code == 0
    assert command("desk", "user", "disable", "ada", "--lake", lake).code == 0
    shown = command("desk", "user", "list", "--lake", lake).out
    assert [word for word in ("lead", "every unit", "disabled") if word not in shown] == []
    assert _audit(command, lake) == ["account.add", "account.assign", "account.disable"]
    assert command("audit", "verify", "--lake", lake).code == 0


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("ada", "--role", "king", "--unit", "MICU"), "no role king"),
        (("A B", "--role", "viewer", "--unit", "MICU"), "no account name"),
        (("ada", "--role", "viewer"), "for which units"),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_a_reason(command, lake, typed, why):
    done = command("desk", "user", "add", *typed, "--lake", lake)
    assert (done.code, done.out) == (2, "")
    assert why in done.err


def test_a_token_is_shown_once_and_revoked_by_its_name(command, lake):
    asked = ("ehr", "--grant", "patients.read", "--unit", "*", "--days", "30", "--lake", lake)
    made = command("desk", "token", "create", *asked)
    secret = made.out.strip()
    assert (made.code, secret.startswith("pulsehouse_desk_")) == (0, True)
    kept = b"".join(path.read_bytes() for path in (lake / "desk").iterdir())
    assert secret.encode() not in kept
    assert command("desk", "token", "create", *asked).code == 2
    assert command("desk", "token", "revoke", "ehr", "--lake", lake).code == 0
    (token,) = json.loads(command("desk", "token", "list", "--lake", lake, "--json").out)
    assert (token["name"], token["state"]) == ("ehr", "revoked")
    assert command("desk", "token", "revoke", "ehr", "--lake", lake).code == 2


def test_a_link_is_for_somebody_who_is_there(command, lake):
    command("desk", "user", "add", *ADA, "--lake", lake)
    assert "/password/" in command("desk", "user", "password", "ada", "--lake", lake).out
    done = command("desk", "user", "password", "bob", "--lake", lake)
    assert (done.code, done.out) == (2, "")
