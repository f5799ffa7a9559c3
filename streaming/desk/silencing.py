"""Silences and who stands in for whom: what people tell the desk about the coming hours.

Here: keeping both, each with its end. Not here: what a silence hides (clinical/routing).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from clinical.routing import Override, Silence, match_of, objection
from streaming.desk.store.models import CASES, OVERRIDES, SILENCES

_SILENCE: Final = tuple(
    SILENCES.c[name]
    for name in ("number", "match", "begins_at", "ends_at", "by", "reason", "patient")
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A silence as somebody wants it: what it matches, from when until when, and why.

    `match` has the keys of a route's match; `patient` is `facility/patient_id` where it is for one.
    """

    match: Mapping[str, Any]
    begins_at: datetime
    ends_at: datetime
    by: str
    reason: str
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody has a schedule's duty instead, from one moment until another."""

    number: int
    schedule: str
    override: Override
    by: str


def silence(connection: Connection, wish: Wish) -> int:
    """Keep a silence; gives its number.

    Raises:
        RoutesError: Its match has a key or a value that no match has.
        ValueError: It cannot be kept; the message is a sentence for who wants it.
    """
    asked = Silence(
        *(
            "",
            match_of(wish.match),
            wish.begins_at,
            wish.ends_at,
            wish.by,
            wish.reason,
            wish.patient,
        )
    )
    if (told := objection(asked)) is not None:
        raise ValueError(told)
    kept = {
        "match": dict(wish.match),
        "begins_at": wish.begins_at,
        "ends_at": wish.ends_at,
        "by": wish.by,
        "reason": wish.reason,
        "patient": wish.patient,
    }
    return _number(connection, insert(SILENCES).values(kept).returning(SILENCES.c.number))


def end_silence(connection: Connection, number: int, by: str, now: datetime) -> bool:
    """End a silence now; what it kept quiet is looked at again. False where it is over already."""
    wanted = (SILENCES.c.number == number, SILENCES.c.ends_at > now)
    done = connection.execute(update(SILENCES).where(*wanted).values(ends_at=now, ended_by=by))
    connection.execute(update(CASES).where(CASES.c.is_open, CASES.c.quiet).values(next_step_at=now))
    return done.rowcount > 0


def silences(connection: Connection, now: datetime) -> list[Silence]:
    """The silences that hold, or will: all that have not ended."""
    rows = connection.execute(
        select(*_SILENCE).where(SILENCES.c.ends_at > now).order_by(SILENCES.c.number)
    )
    return [
        Silence(str(row[0]), match_of(row[1]), row[2], row[3], row[4], row[5], row[6])
        for row in rows
    ]


def cover(connection: Connection, schedule: str, override: Override, by: str) -> int:
    """Keep that somebody stands in on a schedule; gives its number.

    Raises:
        ValueError: It has no end after its beginning.
    """
    _check(override.begins_at, override.ends_at)
    kept = {
        "schedule": schedule,
        "person": override.person,
        "by": by,
        "begins_at": override.begins_at,
        "ends_at": override.ends_at,
    }
    return _number(connection, insert(OVERRIDES).values(kept).returning(OVERRIDES.c.number))


def end_cover(connection: Connection, number: int, now: datetime) -> bool:
    """End it now. False where it is over already."""
    wanted = (OVERRIDES.c.number == number, OVERRIDES.c.ends_at > now)
    done = connection.execute(update(OVERRIDES).where(*wanted).values(ends_at=now))
    return done.rowcount > 0


def covers(connection: Connection, now: datetime) -> list[Cover]:
    """Who stands in, now or later; the last named wins."""
    rows = connection.execute(
        select(OVERRIDES).where(OVERRIDES.c.ends_at > now).order_by(OVERRIDES.c.number)
    )
    return [
        Cover(row.number, row.schedule, Override(row.person, row.begins_at, row.ends_at), row.by)
        for row in rows
    ]


def overrides(connection: Connection, now: datetime) -> dict[str, list[Override]]:
    """The same by schedule, as routing asks for it."""
    found: dict[str, list[Override]] = {}
    for one in covers(connection, now):
        found.setdefault(one.schedule, []).append(one.override)
    return found


def _check(begins_at: datetime, ends_at: datetime) -> None:
    if ends_at <= begins_at:
        msg = "it needs an end that comes after its beginning"
        raise ValueError(msg)


def _number(connection: Connection, statement: Any) -> int:  # noqa: ANN401 an insert
    return int(connection.execute(statement).scalar_one())
