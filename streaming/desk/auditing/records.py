"""The audit in the desk's store: writing entries down and reading them again.

Here: one entry per call, in the caller's own transaction or in one of its own. Not here: what makes
a chain whole (chain.py), or which request writes what (web/shell.py).
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, insert, select, update

from lakehouse.errors import AuditError
from streaming.desk.auditing.chain import Entry, Head, Record, head_of, linked
from streaming.desk.auditing.tables import AUDIT, HEAD
from streaming.desk.store.writing import reading, writing

CHAIN: Final = "desk"
_AT_ONCE: Final = 1_000


def write(connection: Connection, *records: Record) -> Head:
    """Write records down within a transaction: with it they stand, and with it they fall."""
    head = _head(connection, locked=True)
    for record in records:
        entry = linked(record, head)
        values = asdict(entry)
        connection.execute(insert(AUDIT).values(values))
        head = head_of(entry)
    place = {"number": head.number, "sha256": head.sha256}
    connection.execute(update(HEAD).where(HEAD.c.name == CHAIN).values(place))
    return head


def record(engine: Engine, *records: Record) -> Head:
    """Write records down, durably, before this returns; the head that the chain has then."""
    with writing(engine) as connection:
        return write(connection, *records)


def head(engine: Engine) -> Head:
    """The newest entry's number and hash."""
    with reading(engine) as connection:
        return _head(connection, locked=False)


def entries(
    engine: Engine,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
) -> Iterator[Entry]:
    """Entries in order, read a thousand at a time."""
    while found := _some(engine, after, since, until):
        yield from map(_entry, found)
        after = found[-1].number


def newest(engine: Engine, since: datetime, limit: int) -> list[Entry]:
    """The newest entries since a moment, the newest first."""
    query = select(AUDIT).where(AUDIT.c.at >= since).order_by(AUDIT.c.number.desc()).limit(limit)
    with reading(engine) as connection:
        return [_entry(row) for row in connection.execute(query)]


def _some(
    engine: Engine, after: int, since: datetime | None, until: datetime | None
) -> list[Row[Any]]:
    query = select(AUDIT).where(AUDIT.c.number > after).order_by(AUDIT.c.number).limit(_AT_ONCE)
    if since is not None:
        query = query.where(AUDIT.c.at >= since)
    if until is not None:
        query = query.where(AUDIT.c.at < until)
    with reading(engine) as connection:
        return list(connection.execute(query))


def _entry(row: Row[Any]) -> Entry:
    values = dict(row._mapping)  # noqa: SLF001 SQLAlchemy's own name for it
    lists = {name: tuple(values[name]) for name in ("alerts", "patients")}
    return Entry(**(values | lists))


def _head(connection: Connection, *, locked: bool) -> Head:
    query = select(HEAD.c.number, HEAD.c.sha256).where(HEAD.c.name == CHAIN)
    found = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if found is not None:
        return Head(found.number, found.sha256)
    if locked:
        msg = "the desk's audit has lost its head, so that nothing can be done; see `audit verify`"
        raise AuditError(msg)
    return Head()
