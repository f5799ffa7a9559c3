"""Tries to log in: one password against one name, braked.

Here: the verdict on a try, and the failures it leaves. Not here: the law of waiting
(throttling.py), the page (web/login_pages.py), or OpenID (openid.py).
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from sqlalchemy import Connection, Engine, delete, func, insert, select

from streaming.desk.accounts import passwords, people
from streaming.desk.accounts.people import Person
from streaming.desk.accounts.tables import FAILURES
from streaming.desk.accounts.throttling import ADDRESS, HERE, NAME, Brake, wait_until
from streaming.desk.store.writing import writing

# Argon2id takes 64 MiB each: as many at once as the machine can bear.
_AT_ONCE: Final = threading.BoundedSemaphore(2)
_POSTGRESQL: Final = "postgresql"
# Of one subject so many failures are looked at; the longest wait is reached far earlier.
_LOOKED_AT: Final = 200
Verdict = Literal["right", "wrong", "wait"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of a try; `until` where it was not looked at, `known` the account it was for."""

    verdict: Verdict
    person: Person | None = None
    until: datetime | None = None
    known: str | None = None


def attempt(engine: Engine, name: str, password: str, address: str, now: datetime) -> Attempt:
    """Try to log in. A name that does not exist is told apart from a wrong password by nothing.

    The try is noted as failed before it is looked at: a hundred at once get no further than a
    hundred in a row.
    """
    subjects = _subjects(name, address)
    with writing(engine) as connection:
        _take_turns(connection, subjects)
        waits = [_wait(connection, subject, brake, now) for subject, brake in subjects.items()]
        person = people.find(connection, name)
        known = person.name if person is not None else None
        if until := max((wait for wait in waits if wait is not None), default=None):
            return Attempt("wait", until=until, known=known)
        noted = [_note(connection, subject, now) for subject in subjects]
    kept = person.password if person is not None and person.disabled_at is None else None
    with _AT_ONCE:
        right = passwords.is_right(password, kept)
    if not right:
        return Attempt("wrong", known=known)
    with writing(engine) as connection:
        _forget(connection, subjects, noted)
    return Attempt("right", person, known=known)


def _take_turns(connection: Connection, subjects: Mapping[str, Brake]) -> None:
    """Let tries at one name or address count each other; SQLite has one writer anyway."""
    if connection.dialect.name == _POSTGRESQL:
        for subject in sorted(subjects):
            lock = func.pg_advisory_xact_lock(int(subject[:15], 16))
            connection.execute(select(lock))


def _subjects(name: str, address: str) -> dict[str, Brake]:
    told = {f"{name}\n{address}": HERE, f"name {name}": NAME, f"address {address}": ADDRESS}
    return {
        sha256(text.encode("utf-8", "surrogatepass")).hexdigest(): brake
        for text, brake in told.items()
    }


def _wait(connection: Connection, subject: str, brake: Brake, now: datetime) -> datetime | None:
    query = select(FAILURES.c.at).where(
        FAILURES.c.subject == subject, FAILURES.c.at > now - brake.remembered
    )
    rows = connection.execute(query.order_by(FAILURES.c.at.desc()).limit(_LOOKED_AT))
    return wait_until([row.at for row in rows], brake, now)


def _note(connection: Connection, subject: str, now: datetime) -> int:
    made = insert(FAILURES).values(subject=subject, at=now).returning(FAILURES.c.number)
    number: int = connection.execute(made).scalar_one()
    return number


def _forget(connection: Connection, subjects: Mapping[str, Brake], noted: Collection[int]) -> None:
    # What others failed at from this address still counts.
    own = [subject for subject, brake in subjects.items() if brake is not ADDRESS]
    gone = FAILURES.c.subject.in_(own) | FAILURES.c.number.in_(noted)
    connection.execute(delete(FAILURES).where(gone))
