"""People at the desk for tests: accounts, sessions, and browsers that are logged in.

Here: factories. Not here: the desk itself (tests/streaming/desk/desks.py).
"""

import re

from fastapi import FastAPI
from fastapi.testclient import TestClient

from streaming.desk.accounts import people, service_tokens, sessions
from streaming.desk.accounts.people import Person
from streaming.desk.accounts.secret_digests import csrf_of
from streaming.desk.auditing import records
from streaming.desk.desk import Desk
from streaming.desk.store.writing import writing

BASE = "http://127.0.0.1"
PASSWORD = "nine grey herons on a wall"  # noqa: S105 of accounts in tests
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


def add_person(desk: Desk, name="nurse", roles=("clinician",), units=("MICU",), password=None):
    """An account; units None for every unit; without a password nobody logs in with it."""
    units = None if units is None else frozenset(units)
    made = Person(name, name.title(), frozenset(roles), units, password, None, desk.clock.now())
    with writing(desk.engine) as connection:
        people.add(connection, made)
    return made


def browser(app: FastAPI, address="127.0.0.1") -> TestClient:
    """A browser that nobody has logged in with; errors become pages, as they do for people."""
    client = (address, 50_000)
    made = TestClient(
        app, BASE, raise_server_exceptions=False, follow_redirects=False, client=client
    )
    made.headers["accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
    return made


def log_in(app: FastAPI, name: str) -> TestClient:
    """A browser with a session of an account, which sends the session's token along."""
    shell, client = app.state.shell, browser(app)
    with writing(shell.desk.engine) as connection:
        secret = sessions.begin(connection, name, shell.limits, shell.now())
    client.cookies.set("pulsehouse", secret)
    client.headers["x-csrf-token"] = csrf_of(secret)
    return client


def logged_in(app: FastAPI, desk: Desk, roles=("clinician",), units=("MICU",)) -> TestClient:
    """A browser of a new person with roles and units."""
    shown = "every" if units is None else "-".join(units)
    name = re.sub(r"[^a-z0-9.-]", "", f"{'-'.join(roles)}.{shown}".casefold())
    add_person(desk, name, roles, units)
    return log_in(app, name)


def with_token(app: FastAPI, desk: Desk, *grants: str, units=None, days=1) -> TestClient:
    """A service that sends a token."""
    units = None if units is None else frozenset(units)
    client = browser(app)
    with writing(desk.engine) as connection:
        now = app.state.shell.now()
        secret = service_tokens.create(
            connection, "ehr", now, grants=grants, units=units, days=days
        )
    client.headers["authorization"] = f"Bearer {secret}"
    return client


def form_token(page: str) -> str:
    """The token in a page's form."""
    return FIELD.search(page)[1]


def audit_of(desk: Desk) -> list:
    """Everything that was written down."""
    return list(records.entries(desk.engine))
