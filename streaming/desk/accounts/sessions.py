"""Who is logged in: sessions on the desk's side, ended by idleness, by age, or by logging off.

Here: beginning, finding and ending them. Not here: cookies (web/cookies.py), or passwords.

The cookie holds a secret of which the store knows the digest alone: who reads the store can take
over nobody's session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from lakehouse.settings import Settings
from streaming.desk.accounts import glass, people
from streaming.desk.accounts.people import Person
from streaming.desk.accounts.permissions import allowed
from streaming.desk.accounts.secret_digests import csrf_of, digest_of, new_secret
from streaming.desk.accounts.tables import SESSIONS
from streaming.desk.accounts.viewers import Viewer

# A click is noted this coarsely: a write per click would make boards wait for the disk.
_NOTED_EVERY: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lives without a click, and at all."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in, and when they last clicked."""

    viewer: Viewer
    seen_at: datetime

    def is_due(self, now: datetime) -> bool:
        """Whether a click has to be noted."""
        return now - self.seen_at >= _NOTED_EVERY


def limits(settings: Settings) -> Limits:
    """As the deployment sets them."""
    idle = timedelta(minutes=settings.desk_idle_minutes)
    return Limits(idle, timedelta(hours=settings.desk_session_hours))


def is_alive(started_at: datetime, seen_at: datetime, of: Limits, now: datetime) -> bool:
    """Whether a session still counts."""
    return now - seen_at < of.idle and now - started_at < of.longest


def begin(connection: Connection, person: str, of: Limits, now: datetime) -> str:
    """Begin a session; its secret, for the cookie. Dead ones are swept out with it."""
    dead = (SESSIONS.c.seen_at <= now - of.idle) | (SESSIONS.c.started_at <= now - of.longest)
    connection.execute(delete(SESSIONS).where(dead))
    secret = new_secret()
    values = {"person": person, "started_at": now, "seen_at": now, "csrf": csrf_of(secret)}
    connection.execute(insert(SESSIONS).values(digest=digest_of(secret), **values))
    return secret


def find(connection: Connection, digest: str, of: Limits, now: datetime) -> Session | None:
    """Who has a session; None where it is none, is over, or its person was disabled."""
    row = connection.execute(select(SESSIONS).where(SESSIONS.c.digest == digest)).one_or_none()
    if row is None or not is_alive(row.started_at, row.seen_at, of, now):
        return None
    person = people.find(connection, row.person)
    if person is None or person.disabled_at is not None:
        return None
    return Session(_viewer(connection, person, digest, row.csrf, now), row.seen_at)


def touch(connection: Connection, digest: str, now: datetime) -> None:
    """Note a click."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(seen_at=now))


def end(connection: Connection, digest: str) -> None:
    """End a session."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.digest == digest))


def _viewer(
    connection: Connection, person: Person, digest: str, csrf: str, now: datetime
) -> Viewer:
    return Viewer(
        name=person.name,
        display=person.display,
        roles=person.roles,
        permissions=allowed(person.roles),
        units=person.units,
        session=digest,
        csrf=csrf,
        broken_glass=glass.broken(connection, person.name, now),
    )
