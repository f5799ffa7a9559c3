"""The people who may log in.

Here: making, finding, changing and disabling them. Not here: what a role may do (permissions.py),
or who is logged in (sessions.py).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from lakehouse.errors import LakehouseError
from streaming.desk.accounts.permissions import ROLES, Role
from streaming.desk.accounts.tables import PEOPLE, SESSIONS
from streaming.desk.accounts.viewers import Units

# A name is shown, logged and written into histories: nothing in it needs quoting anywhere.
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII)
_LONGEST_DISPLAY: Final = 80


class PersonError(LakehouseError):
    """An account cannot be made or changed as asked."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Person:
    """An account. `units` is None for every unit; `password` is an Argon2id hash."""

    name: str
    display: str
    roles: frozenset[Role]
    units: Units
    password: str | None
    subject: str | None
    created_at: datetime
    disabled_at: datetime | None = None


def checked(name: str, display: str, roles: Collection[str]) -> None:
    """Refuse what cannot be an account.

    Raises:
        PersonError: The name, or a role, is none.
    """
    if not NAME.fullmatch(name):
        msg = f"{name!r} is no account name: use up to 64 small letters, digits, . _ @ or -"
        raise PersonError(msg)
    if not display.strip() or len(display) > _LONGEST_DISPLAY or not display.isprintable():
        msg = f"an account needs a name to show, of at most {_LONGEST_DISPLAY} characters"
        raise PersonError(msg)
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        msg = f"no role {', '.join(unknown) or 'given'}; there are {', '.join(ROLES)}"
        raise PersonError(msg)


def add(connection: Connection, person: Person) -> None:
    """Add an account.

    Raises:
        PersonError: There is one of this name, or something about it cannot be.
    """
    checked(person.name, person.display, person.roles)
    if find(connection, person.name) is not None:
        msg = f"there is an account {person.name!r} already"
        raise PersonError(msg)
    connection.execute(insert(PEOPLE).values(_values(person)))


def find(connection: Connection, name: str) -> Person | None:
    """The account of a name, also a disabled one; what cannot be a name is nobody's."""
    if not NAME.fullmatch(name):
        return None
    row = connection.execute(select(PEOPLE).where(PEOPLE.c.name == name)).one_or_none()
    return _person(row) if row is not None else None


def find_subject(connection: Connection, subject: str) -> Person | None:
    """The account of somebody whom the OpenID provider knows."""
    row = connection.execute(select(PEOPLE).where(PEOPLE.c.subject == subject)).one_or_none()
    return _person(row) if row is not None else None


def everyone(connection: Connection) -> list[Person]:
    """All accounts by name."""
    return [_person(row) for row in connection.execute(select(PEOPLE).order_by(PEOPLE.c.name))]


def is_empty(connection: Connection) -> bool:
    """Whether nobody has an account."""
    return connection.execute(select(PEOPLE.c.name).limit(1)).first() is None


def set_password(connection: Connection, name: str, password_hash: str) -> None:
    """Give a person another password; every session of theirs ends."""
    _change(connection, name, {"password": password_hash})


def bind_subject(connection: Connection, name: str, subject: str) -> None:
    """Say who a person is at the OpenID provider."""
    _change(connection, name, {"subject": subject})


def assign(connection: Connection, name: str, roles: Collection[str], units: Units) -> None:
    """Give a person other roles and units; sessions end, so that it counts at once.

    Raises:
        PersonError: There is no such account, or a role is none.
    """
    checked(name, name, roles)
    known = None if units is None else sorted(units)
    _change(connection, name, {"roles": sorted(roles), "units": known})


def disable(connection: Connection, name: str, now: datetime) -> None:
    """Keep a person out from now on; what they did stays theirs.

    Raises:
        PersonError: There is no such account.
    """
    _change(connection, name, {"disabled_at": now})


def _change(connection: Connection, name: str, values: dict[str, object]) -> None:
    changed = connection.execute(update(PEOPLE).where(PEOPLE.c.name == name).values(values))
    if changed.rowcount == 0:
        msg = f"there is no account {name!r}; `pulsehouse desk user list` shows all"
        raise PersonError(msg)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.person == name))


def _values(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "display": person.display,
        "roles": sorted(person.roles),
        "units": None if person.units is None else sorted(person.units),
        "password": person.password,
        "subject": person.subject,
        "created_at": person.created_at,
        "disabled_at": person.disabled_at,
    }


def _person(row: Row[Any]) -> Person:
    return Person(
        name=row.name,
        display=row.display,
        roles=frozenset(row.roles),
        units=None if row.units is None else frozenset(row.units),
        password=row.password,
        subject=row.subject,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
