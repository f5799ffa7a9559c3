"""When the intake last looked at the lake with success: a note in the store, for all to see.

Here: writing and reading it. Not here: who judges that it is too long ago (tending.py).
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from streaming.desk.store.models import NOTES
from streaming.desk.store.types import EPOCH
from streaming.desk.store.upserts import insert_new

NOTE: Final = "intake_seen"
# A note is a write to the disk: no more of them than are needed.
EVERY: Final = timedelta(seconds=10)
_TICK: Final = timedelta(microseconds=1)


def say(connection: Connection, now: datetime) -> None:
    """The intake is well."""
    insert_new(connection, NOTES, [{"name": NOTE, "number": 0}])
    number = (now - EPOCH) // _TICK
    connection.execute(update(NOTES).where(NOTES.c.name == NOTE).values(number=number))


def last_seen(connection: Connection) -> datetime | None:
    """When it last said so; None where it never ran."""
    found = connection.execute(select(NOTES.c.number).where(NOTES.c.name == NOTE))
    number = found.scalar_one_or_none()
    return None if number is None else EPOCH + timedelta(microseconds=number)
