"""Accounts and audit in SQLite and in PostgreSQL alike.

Here: what engines do differently: counting, waiting for each other, and refusing twice. Not here:
the rules (test_store.py, ../auditing).
"""

import threading
from datetime import timedelta

from streaming.desk.accounts import glass, links, openid, service_tokens, sessions
from streaming.desk.accounts.attempts import attempt
from streaming.desk.accounts.openid import Login
from streaming.desk.accounts.secret_digests import digest_of
from streaming.desk.accounts.viewers import Glass
from streaming.desk.auditing import records
from streaming.desk.auditing.chain import Record, first_fault
from streaming.desk.store.writing import writing
from tests.streaming.desk.desks import START
from tests.streaming.desk.web.logins import add_person

LIMITS = sessions.Limits(timedelta(minutes=15), timedelta(hours=12))


def _at_once(number, work):
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_writers_at_once_make_one_chain_without_gaps(either_desk):
    engine = either_desk.engine
    told = Record(START, "ada", "alert.read", "ok", "GET /", None, ("a",), ("BETH/7",))
    _at_once(4, lambda: [records.record(engine, told) for _ in range(10)])
    assert [entry.number for entry in records.entries(engine)] == list(range(1, 41))
    assert first_fault(records.entries(engine), records.head(engine)) is None


def test_a_link_that_two_use_at_once_is_used_by_one(either_desk):
    add_person(either_desk)
    with writing(either_desk.engine) as connection:
        secret = links.create(connection, "nurse", START)
    used = []

    def use():
        with writing(either_desk.engine) as connection:
            used.append(links.use(connection, secret, START))

    _at_once(4, use)
    assert sorted(used) == [False, False, False, True]


def test_a_log_in_at_the_provider_comes_back_once(either_desk):
    with writing(either_desk.engine) as connection:
        secret = openid.keep(connection, Login("state", "nonce", "verifier", "/"), START)
    taken = []

    def take():
        with writing(either_desk.engine) as connection:
            taken.append(openid.take(connection, secret, START))

    _at_once(3, take)
    assert len([login for login in taken if login is not None]) == 1


def test_people_sessions_tokens_and_glass_come_back_as_they_were_kept(either_desk):
    add_person(either_desk)
    with writing(either_desk.engine) as connection:
        secret = sessions.begin(connection, "nurse", LIMITS, START)
        made = glass.smash(connection, "nurse", Glass("unit", "SICU"), "crash call there", START)
        token = service_tokens.create(
            connection, "ehr", START, grants=["patients.read"], units=None, days=1
        )
        found = sessions.find(connection, digest_of(secret), LIMITS, START)
        service = service_tokens.find(connection, token, START)
        assert [one.number for one in glass.queue(connection)] == [made.number]
    assert found.viewer.units == frozenset({"MICU"})
    assert found.viewer.broken_glass == {Glass("unit", "SICU"): START + glass.LASTS}
    assert service.units is None


def test_tries_at_once_are_braked_as_tries_in_a_row(either_desk):
    verdicts = []
    engine = either_desk.engine
    _at_once(8, lambda: verdicts.append(attempt(engine, "nurse", "x", "10.0.0.1", START).verdict))
    assert sorted(verdicts) == ["wait"] * 3 + ["wrong"] * 5
