"""Tokens of services that read the desk.

Here: making, finding and revoking them. Not here: what may be granted (permissions.py), or the
commands (pulsehouse/desk_accounts_commands.py).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, insert, select, update

from lakehouse.errors import LakehouseError
from streaming.desk.accounts.permissions import GRANTS, Grant
from streaming.desk.accounts.secret_digests import TOKEN_PREFIX, digest_of, new_secret
from streaming.desk.accounts.tables import SERVICE_TOKENS
from streaming.desk.accounts.viewers import Units, Viewer

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# Beyond this a token is as good as one that never expires.
MOST_DAYS: Final = 366


class TokenError(LakehouseError):
    """A token cannot be made or revoked as asked."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """A token as it is kept. `units` is None for every unit."""

    name: str
    grants: tuple[Grant, ...]
    units: Units
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if now < self.expires_at else "expired"


def create(
    connection: Connection,
    name: str,
    now: datetime,
    *,
    grants: Collection[str],
    units: Units,
    days: int,
) -> str:
    """Make a token; its secret, which is shown once and kept nowhere.

    Raises:
        TokenError: There is one of this name, or something about it cannot be.
    """
    _check(connection, name, grants, days)
    secret = new_secret(TOKEN_PREFIX)
    values = {
        "name": name,
        "digest": digest_of(secret),
        "grants": sorted(grants),
        "units": None if units is None else sorted(units),
        "created_at": now,
        "expires_at": now + timedelta(days=days),
    }
    connection.execute(insert(SERVICE_TOKENS).values(values))
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Viewer | None:
    """The service whose token this is; None where it is none, or is valid no more."""
    query = select(SERVICE_TOKENS).where(SERVICE_TOKENS.c.digest == digest_of(secret))
    row = connection.execute(query).one_or_none()
    if row is None or (token := _token(row)).state(now) != "valid":
        return None
    permissions = frozenset(token.grants)
    name = f"token:{token.name}"
    return Viewer(name, token.name, frozenset(), permissions, token.units)


def every(connection: Connection) -> list[ServiceToken]:
    """All tokens by name, the dead ones too."""
    rows = connection.execute(select(SERVICE_TOKENS).order_by(SERVICE_TOKENS.c.name))
    return [_token(row) for row in rows]


def revoke(connection: Connection, name: str, now: datetime) -> None:
    """End a token now.

    Raises:
        TokenError: There is none of this name.
    """
    is_it = (SERVICE_TOKENS.c.name == name) & SERVICE_TOKENS.c.revoked_at.is_(None)
    changed = connection.execute(update(SERVICE_TOKENS).where(is_it).values(revoked_at=now))
    if changed.rowcount == 0:
        msg = f"there is no valid token {name!r}; `pulsehouse desk token list` shows all"
        raise TokenError(msg)


def _check(connection: Connection, name: str, grants: Collection[str], days: int) -> None:
    if not NAME.fullmatch(name):
        msg = f"{name!r} is no name for a token: use up to 64 letters, digits, dots, hyphens, _"
        raise TokenError(msg)
    unknown = sorted(set(grants) - set(GRANTS))
    if unknown or not grants:
        msg = f"a token cannot be granted {', '.join(unknown) or 'nothing'}: {', '.join(GRANTS)}"
        raise TokenError(msg)
    if not 0 < days <= MOST_DAYS:
        msg = f"a token lives for 1 to {MOST_DAYS} days"
        raise TokenError(msg)
    known = select(SERVICE_TOKENS.c.name).where(SERVICE_TOKENS.c.name == name)
    if connection.execute(known).first() is not None:
        msg = f"there is or was a token {name!r}; use another name, so that the audit stays clear"
        raise TokenError(msg)


def _token(row: Row[Any]) -> ServiceToken:
    units = None if row.units is None else frozenset(row.units)
    grants = cast("tuple[Grant, ...]", tuple(row.grants))
    return ServiceToken(row.name, grants, units, row.created_at, row.expires_at, row.revoked_at)
