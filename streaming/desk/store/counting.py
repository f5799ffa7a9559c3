"""Numbers without gaps, in the order of commits; and with them one line for all who change cases.

Here: taking the next numbers of a counter, and the transaction that changes cases. Not here: what
is numbered.

A database's own sequence gives numbers before the commit, so that a lower one may appear after a
higher one, and who follows by number would miss it. Here the counter's row is held until then. Who
changes cases holds it from the beginning: PostgreSQL would else let two lock each other out, each
with a case that the other wants next. Workers that only send never hold it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, select, update

from streaming.desk.store.models import NOTES
from streaming.desk.store.upserts import insert_new
from streaming.desk.store.writing import writing

ENTRY_NUMBERS: Final = "entries"


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may change cases: one after the other, in every engine."""
    with writing(engine) as connection:
        hold(connection, ENTRY_NUMBERS)
        yield connection


def take(connection: Connection, counter: str, count: int = 1) -> int:
    """The first of so many numbers, which nobody else gets; counters begin with 1."""
    moved = (
        update(NOTES)
        .where(NOTES.c.name == counter)
        .values(number=NOTES.c.number + count)
        .returning(NOTES.c.number)
    )
    found: int | None = connection.execute(moved).scalar_one_or_none()
    if found is None:
        insert_new(connection, NOTES, [{"name": counter, "number": 0}])
        found = connection.execute(moved).scalar_one()
    return int(found) - count + 1


def hold(connection: Connection, name: str) -> None:
    """Keep others who hold the same name waiting until the end of the transaction."""
    take(connection, name, 0)


def newest(connection: Connection, counter: str) -> int:
    """The newest number that was given; 0 where none was."""
    found = connection.execute(select(NOTES.c.number).where(NOTES.c.name == counter))
    return int(found.scalar_one_or_none() or 0)
