"""People, sessions, tokens and links over a real store.

Here: what ends, what is used once, and that no secret is kept. Not here: the pages (../web).
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from streaming.desk.accounts import glass, links, passwords, people, service_tokens, sessions
from streaming.desk.accounts.attempts import attempt
from streaming.desk.accounts.glass import GlassError
from streaming.desk.accounts.people import PersonError
from streaming.desk.accounts.secret_digests import digest_of
from streaming.desk.accounts.service_tokens import TokenError
from streaming.desk.accounts.viewers import Glass
from streaming.desk.store.writing import reading, writing
from tests.streaming.desk.desks import START, desk_at
from tests.streaming.desk.web.logins import PASSWORD, add_person

LIMITS = sessions.Limits(timedelta(minutes=15), timedelta(hours=12))
HASH = passwords.hashed(PASSWORD)


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as made:
        yield made


def _find(desk, secret, now):
    with reading(desk.engine) as connection:
        return sessions.find(connection, digest_of(secret), LIMITS, now)


def _begin(desk, name="nurse", now=START):
    with writing(desk.engine) as connection:
        return sessions.begin(connection, name, LIMITS, now)


def test_a_session_ends_after_fifteen_idle_minutes_and_not_before(desk):
    add_person(desk)
    secret = _begin(desk)
    assert _find(desk, secret, START + timedelta(minutes=15, seconds=-1)) is not None
    assert _find(desk, secret, START + timedelta(minutes=15)) is None


def test_a_session_ends_after_twelve_hours_however_busy_it_is(desk):
    add_person(desk)
    secret, now = _begin(desk), START
    while now < START + timedelta(hours=11, minutes=55):
        now += timedelta(minutes=5)
        with writing(desk.engine) as connection:
            sessions.touch(connection, digest_of(secret), now)
    assert _find(desk, secret, now) is not None
    assert _find(desk, secret, START + timedelta(hours=12)) is None


def test_a_disabled_person_and_one_with_another_password_are_out_at_once(desk):
    add_person(desk, "ada")
    add_person(desk, "bob")
    ada, bob = _begin(desk, "ada"), _begin(desk, "bob")
    with writing(desk.engine) as connection:
        people.disable(connection, "ada", START)
        people.set_password(connection, "bob", HASH)
    assert _find(desk, ada, START) is None
    assert _find(desk, bob, START) is None


def test_no_secret_is_in_the_store(desk):
    add_person(desk, password=HASH)
    with writing(desk.engine) as connection:
        told = [
            sessions.begin(connection, "nurse", LIMITS, START),
            links.create(connection, "nurse", START),
            service_tokens.create(
                connection, "ehr", START, grants=["patients.read"], units=None, days=1
            ),
        ]
    with reading(desk.engine) as connection:
        kept = [
            repr(tuple(row))
            for table in ("sessions", "links", "service_tokens", "people")
            for row in connection.execute(text(f"select * from {table}"))  # noqa: S608 four names
        ]
    assert not [secret for secret in [*told, PASSWORD] if any(secret in row for row in kept)]


def test_a_link_is_used_once_and_a_newer_one_ends_it(desk):
    add_person(desk)
    with writing(desk.engine) as connection:
        old, new = (links.create(connection, "nurse", START) for _ in range(2))
        assert links.find(connection, old, START) is None
        assert links.find(connection, new, START + links.LASTS) is None
        assert links.use(connection, new, START)
        assert not links.use(connection, new, START)
        assert links.find(connection, new, START) is None


def test_a_token_ends_by_age_or_revocation_and_its_name_is_not_given_again(desk):
    said = {"grants": ["patients.read"], "units": frozenset({"MICU"}), "days": 1}
    with writing(desk.engine) as connection:
        secret = service_tokens.create(connection, "ehr", START, **said)
        viewer = service_tokens.find(connection, secret, START)
        assert viewer.may("patients.read")
        assert not viewer.may("alerts.read")
        assert service_tokens.find(connection, secret, START + timedelta(days=1)) is None
        service_tokens.revoke(connection, "ehr", START)
        assert service_tokens.find(connection, secret, START) is None
        with pytest.raises(TokenError):
            service_tokens.create(connection, "ehr", START, **said)
        for wrong in ({"days": 0}, {"days": 400}, {"grants": []}, {"grants": ["alerts.act"]}):
            with pytest.raises(TokenError):
                service_tokens.create(connection, "other", START, **(said | wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Ada"},
        {"name": "a b"},
        {"name": ""},
        {"display": " "},
        {"display": "A\nB"},
        {"roles": frozenset()},
        {"roles": frozenset({"king"})},
    ],
)
def test_what_cannot_be_an_account_is_refused(desk, wrong):
    nurse = add_person(desk)
    with writing(desk.engine) as connection, pytest.raises(PersonError):
        people.add(connection, replace(nurse, **({"name": "other"} | wrong)))


def test_a_name_belongs_to_one_account(desk):
    add_person(desk)
    with pytest.raises(PersonError):
        add_person(desk)


def test_wrong_tries_make_one_wait_and_the_right_password_does_not_shorten_it(desk):
    add_person(desk, password=HASH)
    for _ in range(5):
        assert attempt(desk.engine, "nurse", "wrong", "10.0.0.1", START).verdict == "wrong"
    waiting = attempt(desk.engine, "nurse", PASSWORD, "10.0.0.1", START)
    assert waiting.verdict == "wait"
    assert attempt(desk.engine, "nurse", PASSWORD, "10.0.0.1", waiting.until).verdict == "right"
    assert attempt(desk.engine, "nurse", "wrong", "10.0.0.1", waiting.until).verdict == "wrong"


def test_somebody_elsewhere_does_not_keep_a_nurse_out_with_a_few_wrong_tries(desk):
    add_person(desk, password=HASH)
    for _ in range(8):
        attempt(desk.engine, "nurse", "wrong", "10.9.9.9", START)
    assert attempt(desk.engine, "nurse", PASSWORD, "10.0.0.1", START).verdict == "right"


def test_a_name_without_an_account_is_treated_like_any_other(desk):
    verdicts = [
        attempt(desk.engine, "nobody", "wrong", "10.0.0.1", START).verdict for _ in range(6)
    ]
    assert verdicts == ["wrong"] * 5 + ["wait"]


def test_glass_is_broken_with_a_reason_and_reviewed_once_by_somebody_else(desk):
    ward = Glass("unit", "SICU")
    with writing(desk.engine) as connection:
        with pytest.raises(GlassError):
            glass.smash(connection, "nurse", ward, "because", START)
        with pytest.raises(GlassError):
            glass.smash(connection, "nurse", Glass("patient", "7"), "crash call to SICU", START)
        made = glass.smash(connection, "nurse", ward, "crash call to SICU", START)
        assert glass.broken(connection, "nurse", START) == {ward: START + glass.LASTS}
        assert glass.broken(connection, "nurse", START + glass.LASTS) == {}
        found = {"verdict": "in_order", "remark": "asked the ward"}
        with pytest.raises(GlassError):
            glass.review(connection, made.number, "nurse", START, **found)
        glass.review(connection, made.number, "privacy", START, **found)
        with pytest.raises(GlassError):
            glass.review(connection, made.number, "privacy", START, **found)
        assert [one.verdict for one in glass.queue(connection)] == ["in_order"]
