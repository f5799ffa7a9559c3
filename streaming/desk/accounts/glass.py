"""Broken glass: seeing beyond one's units in an emergency, for an hour, with a reason.

Here: breaking it, what is broken now, and the queue in which the privacy officer looks at each.
Not here: who may (permissions.py), the pages (web/glass_pages.py), or telling the privacy officer
at once (web/glass_pages.py, through a case).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, Row, insert, select, update

from lakehouse.errors import LakehouseError
from streaming.desk.accounts.tables import GLASS
from streaming.desk.accounts.viewers import Glass

LASTS: Final = timedelta(minutes=60)
Verdict = Literal["in_order", "to_follow_up"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
KINDS: Final = ("unit", "patient")
_SHORTEST_REASON: Final = 10
_LONGEST_REASON: Final = 500
_LONGEST_NAME: Final = 200


class GlassError(LakehouseError):
    """The glass cannot be broken, or looked at, as asked."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Breach:
    """One time that somebody broke the glass."""

    number: int
    person: str
    glass: Glass
    reason: str
    at: datetime
    until: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    verdict: Verdict | None
    remark: str | None


def fault(glass: Glass, reason: str) -> str | None:
    """Why the glass cannot be broken like this; None where it can."""
    if glass.kind not in KINDS or not 0 < len(glass.name) <= _LONGEST_NAME:
        return "say which unit or which patient"
    if glass.kind == "patient" and not all(glass.name.partition("/")[::2]):
        return "name the patient as FACILITY/IDENTIFIER"
    if not glass.name.isprintable() or "\0" in reason:
        return "leave out characters that cannot be printed"
    if not _SHORTEST_REASON <= len(reason.strip()) <= _LONGEST_REASON:
        return f"give a reason of {_SHORTEST_REASON} to {_LONGEST_REASON} characters"
    return None


def smash(connection: Connection, person: str, glass: Glass, reason: str, now: datetime) -> Breach:
    """Break the glass.

    Raises:
        GlassError: Something about it cannot be.
    """
    if (told := fault(glass, reason)) is not None:
        raise GlassError(told)
    values = {
        "person": person,
        "kind": glass.kind,
        "name": glass.name,
        "reason": reason.strip(),
        "at": now,
        "until": now + LASTS,
    }
    made = connection.execute(insert(GLASS).values(values).returning(GLASS)).one()
    return _breach(made)


def broken(connection: Connection, person: str, now: datetime) -> Mapping[Glass, datetime]:
    """What a person has broken the glass for, and until when."""
    query = select(GLASS.c.kind, GLASS.c.name, GLASS.c.until).where(
        GLASS.c.person == person, GLASS.c.until > now
    )
    rows = connection.execute(query.order_by(GLASS.c.until))
    return {Glass(row.kind, row.name): row.until for row in rows}


def queue(connection: Connection, limit: int = 200) -> list[Breach]:
    """What nobody has looked at yet, oldest first; then what was looked at, newest first."""
    waiting = select(GLASS).where(GLASS.c.reviewed_at.is_(None)).order_by(GLASS.c.at).limit(limit)
    seen = select(GLASS).where(GLASS.c.reviewed_at.is_not(None))
    seen = seen.order_by(GLASS.c.reviewed_at.desc()).limit(limit)
    return [_breach(row) for query in (waiting, seen) for row in connection.execute(query)]


def review(
    connection: Connection, number: int, by: str, now: datetime, *, verdict: str, remark: str
) -> None:
    """Say what the privacy officer found.

    Raises:
        GlassError: No such entry, it was looked at, it is the officer's own, or no such verdict.
    """
    row = connection.execute(select(GLASS).where(GLASS.c.number == number)).one_or_none()
    if row is None or row.reviewed_at is not None:
        msg = "there is nothing to review under this number"
        raise GlassError(msg)
    if row.person == by or verdict not in VERDICTS or "\0" in remark:
        msg = f"somebody else has to review it, as one of {', '.join(VERDICTS)}"
        raise GlassError(msg)
    found = {"reviewed_by": by, "reviewed_at": now, "verdict": verdict}
    values = found | {"remark": remark.strip()[:_LONGEST_REASON] or None}
    connection.execute(update(GLASS).where(GLASS.c.number == number).values(values))


def _breach(row: Row[Any]) -> Breach:
    values = {name: getattr(row, name) for name in Breach.__dataclass_fields__ if name != "glass"}
    return Breach(glass=Glass(row.kind, row.name), **values)
