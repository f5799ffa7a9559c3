"""The desk's history into the lake: the table `alert_events`.

Here: what is not there yet, in order and once each. Not here: the table
(lakehouse/batch/alerting.py), or the append (lakehouse/numbered.py).

The lake may be away for hours: entries wait in the store, and follow.
"""

from typing import Final
from uuid import uuid4

import pyarrow as pa
from sqlalchemy import Connection, Engine, select

from lakehouse.batch.alerting import ALERT_EVENTS
from lakehouse.compaction import compact
from lakehouse.numbered import append_numbered, reached
from streaming.desk.desk import Desk
from streaming.desk.metrics import PUBLISHED
from streaming.desk.store.models import CASES, ENTRIES, NOTES
from streaming.desk.store.upserts import insert_new
from streaming.desk.store.writing import reading, writing

STORE: Final = "store"
# In one commit; more wait for the next.
BATCH: Final = 10_000
# Files are joined every so many commits: at one a second, about every two minutes of work.
JOINED_EVERY: Final = 100
_OF_ENTRY: Final = (
    *("number", "alert_id", "at", "event", "by", "reason", "to", "until"),
    *("severity", "state", "owner", "step", "unit"),
)
_OF_CASE: Final = ("rule_family", "drill", "technical")


class Publishing:
    """Follows one store's history; a second publisher beside it adds nothing."""

    def __init__(self, desk: Desk) -> None:
        """Look up how far the table is."""
        self._desk = desk
        self._store = store_name(desk.engine)
        self._reached = reached(desk.lake, ALERT_EVENTS, self._store)
        self._commits = 0

    def step(self) -> int:
        """Publish what is new; gives how many entries.

        Raises:
            AppendError: The lake does not take them now.
        """
        with reading(self._desk.engine) as connection:
            rows = _entries(connection, self._store, self._reached)
        if rows is None:
            return 0
        append_numbered(self._desk.lake, ALERT_EVENTS, self._store, rows)
        self._reached = rows["number"][-1].as_py()
        PUBLISHED.set(self._reached)
        self._commits += 1
        if self._commits % JOINED_EVERY == 0:
            compact(self._desk.lake, ALERT_EVENTS)
        return int(rows.num_rows)


def store_name(engine: Engine) -> str:
    """The name of a store: its numbers begin anew where it is lost, and so its name must change."""
    with writing(engine) as connection:
        insert_new(connection, NOTES, [{"name": STORE, "number": 0, "text": f"desk-{uuid4().hex}"}])
        found = connection.execute(select(NOTES.c.text).where(NOTES.c.name == STORE))
        return str(found.scalar_one())


def _entries(connection: Connection, store: str, since: int) -> pa.Table | None:
    columns = [*(ENTRIES.c[name] for name in _OF_ENTRY), *(CASES.c[name] for name in _OF_CASE)]
    rows = connection.execute(
        select(*columns)
        .join_from(ENTRIES, CASES, ENTRIES.c.alert_id == CASES.c.alert_id)
        .where(ENTRIES.c.number > since)
        .order_by(ENTRIES.c.number)
        .limit(BATCH)
    ).mappings()
    found = [{"store": store, **row} for row in rows]
    return pa.Table.from_pylist(found, ALERT_EVENTS.schema) if found else None
