"""Following the lake's alerts: what came since the last look becomes cases.

Here: one look, and the cursor that says how far one has looked, kept in the store. Not here:
reading a table's log (streaming/desk/tail.py), or what becomes a case (taking.py).

The cursor moves after the cases are stored: who dies between the two reads the same alerts again,
and knows them. In a rehearsal alerts that lie ahead of its clock wait here until it reaches them.
"""

import bisect
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select, update

from lakehouse.tables import ALERTS
from streaming.desk import tail
from streaming.desk.desk import Desk
from streaming.desk.intake import heartbeat
from streaming.desk.intake.ledger import Ledger
from streaming.desk.intake.taking import Taken, take
from streaming.desk.metrics import TAKEN
from streaming.desk.store.models import NOTES
from streaming.desk.store.upserts import insert_new
from streaming.desk.store.writing import reading, writing
from streaming.desk.tail import BEGINNING, Cursor, TailError
from streaming.desk.watching import Watch

CURSOR: Final = "alerts_cursor"
_NOTHING: Final = Taken()


class Following:
    """Takes what comes to the table of alerts, look by look."""

    def __init__(self, desk: Desk) -> None:
        """Go on where the store says that somebody looked last."""
        self._desk = desk
        self._table = desk.lake.path(ALERTS)
        self._cursor = BEGINNING if desk.clock.rehearses else _kept(desk)
        self._ahead: list[dict[str, Any]] = []
        self._said: datetime | None = None
        self._ledger = Ledger(desk.lake)
        self._watch = Watch(self._table)

    def look(self) -> Taken:
        """Take what came since; nothing where nothing did.

        Raises:
            TailError: The table cannot be followed; what is missing is said.
        """
        now = self._desk.clock.now()
        if not self._ahead and self._watch.is_still(self._cursor, now):
            return _NOTHING
        growth = tail.grown(self._table, self._cursor)
        if growth.torn is not None and growth.cursor == self._cursor:
            msg = (
                f"table `{ALERTS.name}` cannot be read beyond commit {growth.torn - 1}: it is torn;"
                " `pulsehouse doctor` says what to do"
            )
            raise TailError(msg)
        before = self._cursor
        taken = self._take(growth, now)
        if self._cursor != before:
            return taken
        if growth.cursor != self._cursor:
            self._cursor = growth.cursor
            self._keep(now)
        elif self._said is None or now - self._said >= heartbeat.EVERY:
            self._say(now)
        return taken

    def _take(self, growth: tail.Growth, now: datetime) -> Taken:
        taken = Taken()
        try:
            for table in self._tables(growth, now):
                taken += self._taken(table.to_pylist(), now)
        except FileNotFoundError:
            # Compacted and cleared away under our eyes: what stands now has the same rows.
            self._cursor = BEGINNING
            return taken
        if self._ahead and self._ahead[0]["raised_at"] <= now:
            taken += self._taken([], now)
        if taken.new or taken.worse:
            self._desk.bell.ring()
        _count(taken)
        return taken

    def _tables(self, growth: tail.Growth, now: datetime) -> Iterator[pa.Table]:
        """What came; of a whole table first what people are still told of, then its history."""
        if growth.anew is None:
            yield from tail.read(growth, ALERTS.schema)
            return
        late = pa.scalar(now - self._desk.late, ALERTS.schema.field("raised_at").type)
        tables = list(tail.read(growth, ALERTS.schema))
        yield from (one.filter(pc.field("raised_at") >= late) for one in tables)
        yield from (one.filter(pc.field("raised_at") < late) for one in tables)

    def _taken(self, rows: list[dict[str, Any]], now: datetime) -> Taken:
        live = self._ledger.stands(now)
        if not self._desk.clock.rehearses:
            return take(self._desk, rows, now, live)
        self._ahead = sorted([*self._ahead, *rows], key=_raised_at)
        due = bisect.bisect_right(self._ahead, now, key=_raised_at)
        reached, self._ahead = self._ahead[:due], self._ahead[due:]
        return take(self._desk, reached, now, live)

    def _keep(self, now: datetime) -> None:
        with writing(self._desk.engine) as connection:
            if not self._desk.clock.rehearses:
                _write(connection, self._cursor)
            heartbeat.say(connection, now)
        self._said = now

    def _say(self, now: datetime) -> None:
        with writing(self._desk.engine) as connection:
            heartbeat.say(connection, now)
        self._said = now


def _raised_at(row: dict[str, Any]) -> datetime:
    at: datetime = row["raised_at"]
    return at


def _kept(desk: Desk) -> Cursor:
    with reading(desk.engine) as connection:
        row = connection.execute(select(NOTES).where(NOTES.c.name == CURSOR)).one_or_none()
    return BEGINNING if row is None else Cursor(row.number, row.text or "")


def _write(connection: Connection, cursor: Cursor) -> None:
    insert_new(connection, NOTES, [{"name": CURSOR, "number": -1}])
    values = {"number": cursor.version, "text": cursor.digest}
    connection.execute(update(NOTES).where(NOTES.c.name == CURSOR).values(values))


def _count(taken: Taken) -> None:
    for became in fields(taken):
        if count := getattr(taken, became.name):
            TAKEN.labels(became.name).inc(count)
