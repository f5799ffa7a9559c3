"""`pulsehouse desk user ... | token ...`: the accounts and service tokens of the alert desk.

Here: what the commands do. Not here: what can be typed (desk_accounts_commands.py), or accounts
themselves (streaming/desk/accounts).

Each change goes into the desk's audit, by the account of the operating system.
"""

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from lakehouse.settings import Settings
from pulsehouse import terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK, USAGE, CommandError
from streaming.desk.accounts import links, people, service_tokens
from streaming.desk.accounts.people import Person, PersonError
from streaming.desk.accounts.permissions import ROLES, Role
from streaming.desk.accounts.viewers import EVERY_UNIT, Units
from streaming.desk.auditing import records
from streaming.desk.auditing.chain import Record
from streaming.desk.store.opening import open_store
from streaming.desk.store.writing import reading, writing

_LINK: Final = "open this link within 24 hours to set the password; it works once:"
_ONCE: Final = "shown once: only its digest is kept; send it as `Authorization: Bearer <token>`"
_EVERY: Final = "every unit"


def user_add(
    name: str, place: Path | None, display: str, roles: list[str], units: list[str]
) -> int:
    """Add an account, and print the link by which its person sets the password."""
    now = _now()
    own = settings()
    people.checked(name, display or name, roles)
    wanted = frozenset[Role](role for role in ROLES if role in roles)
    with _changing(place, "account.add", name) as connection:
        made = Person(name, display or name, wanted, _units(units), None, None, now)
        people.add(connection, made)
        secret = links.create(connection, name, now)
    _show_link(own, secret)
    return OK


def user_assign(name: str, place: Path | None, roles: list[str], units: list[str]) -> int:
    """Give a person other roles and units."""
    with _changing(place, "account.assign", name) as connection:
        people.assign(connection, name, roles, _units(units))
    terminal.say(f"{name} has these roles and units from the next log-in on, and is logged off")
    return OK


def user_password(name: str, place: Path | None) -> int:
    """Print a link by which a person sets another password; the old one stays until then."""
    with _changing(place, "account.link", name) as connection:
        if people.find(connection, name) is None:
            msg = f"there is no account {name!r}; `pulsehouse desk user list` shows all"
            raise PersonError(msg)
        secret = links.create(connection, name, _now())
    _show_link(settings(), secret)
    return OK


def user_disable(name: str, place: Path | None) -> int:
    """Keep a person out from now on."""
    with _changing(place, "account.disable", name) as connection:
        people.disable(connection, name, _now())
    terminal.say(f"{name} is out, and logged off")
    return OK


def user_list(place: Path | None, *, as_json: bool) -> int:
    """Show every account."""
    with reading(_store(place)) as connection:
        found = people.everyone(connection)
    if as_json:
        terminal.emit_json([_person_json(person) for person in found])
        return OK
    rows = [
        (one.name, one.display, ", ".join(sorted(one.roles)), _shown(one.units), _state(one))
        for one in found
    ]
    terminal.show_table("Accounts", ("name", "shown as", "roles", "units", "state"), rows)
    return OK


def token_create(
    name: str, place: Path | None, *, grants: list[str], units: list[str], days: int
) -> int:
    """Make a token; it goes to stdout, and nowhere else."""
    with _changing(place, "token.create", name) as connection:
        secret = service_tokens.create(
            connection, name, _now(), grants=grants, units=_units(units), days=days
        )
    terminal.say(_ONCE)
    terminal.write(secret)
    return OK


def token_list(place: Path | None, *, as_json: bool) -> int:
    """Show every token, the dead ones too."""
    now = _now()
    with reading(_store(place)) as connection:
        found = service_tokens.every(connection)
    rows = [
        (one.name, ", ".join(one.grants), _shown(one.units), one.expires_at, one.state(now))
        for one in found
    ]
    names = ("name", "may", "units", "expires", "state")
    if as_json:
        terminal.emit_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        terminal.show_table("Tokens of the desk", names, rows)
    return OK


def token_revoke(name: str, place: Path | None) -> int:
    """End a token now."""
    with _changing(place, "token.revoke", name) as connection:
        service_tokens.revoke(connection, name, _now())
    terminal.say(f"the token {name} is revoked")
    return OK


def first_link(engine: Engine, own: Settings, now: datetime) -> str | None:
    """The link that makes the first account; None where there is an account."""
    with writing(engine) as connection:
        if not people.is_empty(connection):
            return None
        return _address(own, links.create(connection, None, now))


@contextmanager
def _changing(place: Path | None, action: str, of: str) -> Iterator[Connection]:
    """A change of accounts with its line in the audit, both or neither."""
    by = f"os:{getpass.getuser()}"
    done = Record(_now(), by, action, "ok", f"pulsehouse desk {action.replace('.', ' ')}", of)
    with writing(_store(place, create=True)) as connection:
        yield connection
        records.write(connection, done)


def _store(place: Path | None, *, create: bool = False) -> Engine:
    return open_store(settings(), open_lake(place, create=create).root)


def _units(named: Sequence[str]) -> Units:
    if not named:
        msg = "say for which units: --unit NAME, more than once for several, or --unit '*' for all"
        raise CommandError(msg, USAGE)
    return EVERY_UNIT if "*" in named else frozenset(named)


def _show_link(own: Settings, secret: str) -> None:
    terminal.say(_LINK)
    terminal.write(_address(own, secret))


def _address(own: Settings, secret: str) -> str:
    scheme = "https" if own.desk_certificate is not None else "http"
    host = f"[{own.desk_host}]" if ":" in own.desk_host else own.desk_host
    base = own.desk_url.rstrip("/") or f"{scheme}://{host}:{own.desk_port}"
    return f"{base}/password/{secret}"


def _person_json(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "display": person.display,
        "roles": sorted(person.roles),
        "units": None if person.units is None else sorted(person.units),
        "state": _state(person),
    }


def _state(person: Person) -> str:
    if person.disabled_at is not None:
        return "disabled"
    has_way = person.password is not None or person.subject is not None
    return "active" if has_way else "has not logged in yet"


def _shown(units: Units) -> str:
    return _EVERY if units is None else ", ".join(sorted(units))


def _now() -> datetime:
    return datetime.now(UTC)
