"""One-time links, by which a person sets a password.

Here: making and using them, once and within a day. Not here: the page behind them
(web/password_pages.py), or who asks for one (pulsehouse/desk_accounts.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, select, update

from streaming.desk.accounts.secret_digests import digest_of, new_secret
from streaming.desk.accounts.tables import LINKS

LASTS: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Link:
    """Whose password a link sets; None for the first account of all, which gets its name there."""

    person: str | None


def create(connection: Connection, person: str | None, now: datetime) -> str:
    """Make a link; its secret, for the address. Earlier links of the same person end."""
    _end(connection, person, now)
    secret = new_secret()
    values = {"digest": digest_of(secret), "person": person, "expires_at": now + LASTS}
    connection.execute(insert(LINKS).values(values))
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Link | None:
    """What a link is for; None where it is none, was used, or is too old."""
    row = connection.execute(select(LINKS).where(LINKS.c.digest == digest_of(secret))).one_or_none()
    if row is None or row.used_at is not None or now >= row.expires_at:
        return None
    return Link(row.person)


def use(connection: Connection, secret: str, now: datetime) -> bool:
    """Use a link up; false where somebody was quicker."""
    unused = (LINKS.c.digest == digest_of(secret)) & LINKS.c.used_at.is_(None)
    return connection.execute(update(LINKS).where(unused).values(used_at=now)).rowcount == 1


def _end(connection: Connection, person: str | None, now: datetime) -> None:
    same = LINKS.c.person.is_(None) if person is None else LINKS.c.person == person
    connection.execute(update(LINKS).where(same & LINKS.c.used_at.is_(None)).values(used_at=now))
