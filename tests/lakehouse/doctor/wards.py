"""A lake that is fed from a journal, as the dataflow feeds it, and ways to damage it.

Here: factories. Every row follows from its message's offset alone, so that what a lake must hold is
known whatever happened to it.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

from lakehouse.appends import append
from lakehouse.cuts import cut
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS, ENCOUNTER_EVENTS, OBSERVATIONS, RAW_MESSAGES, Table
from streaming.inbox.arrival import JOURNAL_PARTITION, Arrival
from streaming.inbox.journal import Journal
from streaming.inbox.journal_reading import JournalReader, Stretch
from streaming.inbox.journal_restoring import JournalGiver
from streaming.inbox.journal_trimming import trim

FEED = "icu"
START = datetime(2025, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# Which messages have a row in which table: some have none, as in life.
SHARES = {OBSERVATIONS: 1, ENCOUNTER_EVENTS: 3, ALERTS: 5}


@dataclass(frozen=True)
class Ward:
    """A lake with its journal."""

    root: Path
    partition: int = JOURNAL_PARTITION

    @property
    def lake(self) -> Lake:
        return Lake.open(self.root, create=True)

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def giver(self) -> JournalGiver:
        return JournalGiver(self.journal)

    def receive(self, count: int, start: int = 0) -> None:
        journal = Journal(self.journal, limit=1 << 30, first={})
        journal.put([arrival(offset) for offset in range(start, start + count)])
        journal.close()

    def stream(self, step: int = 4) -> None:
        """Everything the journal has beyond the cut, in epochs of so many messages."""
        lake, reader = self.lake, JournalReader(self.journal)
        following = cut(lake).next_offset(FEED, self.partition)
        while len(found := reader.read(FEED, following, step, 1 << 20)):
            assert found.first_offset == following, "the journal cannot go on from the cut"
            commit(lake, found, self.partition)
            following += len(found)
        reader.close()

    def forget(self) -> None:
        """Trim the journal of everything that the lake has."""
        journal = Journal(self.journal, limit=1 << 30, first={}, keep=timedelta(0))
        trim(journal, cut(self.lake), NOW)
        journal.close()

    def copied(self, root: Path) -> "Ward":
        """The same ward in another place."""
        shutil.copytree(self.root, root)
        return Ward(root, self.partition)

    def held(self) -> dict[str, list[tuple[int, bytes | None]]]:
        """What every table holds, cut or not, in order and with repeats."""
        return {table.name: rows_of(self.lake, table) for table in (*SHARES, RAW_MESSAGES)}


def arrival(offset: int) -> Arrival:
    at = int((START + timedelta(minutes=offset)).timestamp() * 1_000_000)
    refused = "message_too_large" if offset % 7 == 6 else None
    return Arrival(FEED, b"MSH|%d" % offset, at, "mllp", refused)


def wanted(messages: int) -> dict[str, list[tuple[int, bytes | None]]]:
    """What the tables of an undamaged lake hold after so many messages."""
    rows = {
        table.name: [(offset, None) for offset in range(messages) if offset % share == 0]
        for table, share in SHARES.items()
    }
    return rows | {RAW_MESSAGES.name: [(offset, b"MSH|%d" % offset) for offset in range(messages)]}


def commit(lake: Lake, found: Stretch, partition: int) -> None:
    last = found.first_offset + len(found) - 1
    for table, share in SHARES.items():
        mine = [o for o in range(found.first_offset, last + 1) if o % share == 0]
        append(lake, table, FEED, partition, fact_rows(table, mine, partition), last)
    append(lake, RAW_MESSAGES, FEED, partition, raw_rows(found, partition), last)


def fact_rows(table: Table, offsets: list[int], partition: int) -> pa.Table:
    times = [START + timedelta(minutes=offset) for offset in offsets]
    given = {
        "feed": [FEED] * len(offsets),
        "partition": [partition] * len(offsets),
        "offset": offsets,
        "row": [0] * len(offsets),
        "received_at": times,
        "received_date": [time.date() for time in times],
    }
    return _rows(table, given, len(offsets))


def raw_rows(found: Stretch, partition: int) -> pa.Table:
    offsets = list(range(found.first_offset, found.first_offset + len(found)))
    rejects = found.rejects.to_pylist()
    given = {
        "feed": [FEED] * len(found),
        "partition": [partition] * len(found),
        "offset": offsets,
        "row": [0] * len(found),
        "received_at": found.received_at,
        "received_date": found.received_at.cast(pa.date32()),
        "raw": found.raw,
        "disposition": ["parsed" if reject is None else "quarantined" for reject in rejects],
        "stage": [None if reject is None else "frame" for reject in rejects],
        "reason": rejects,
    }
    return _rows(RAW_MESSAGES, given, len(found))


def _rows(table: Table, given: dict[str, object], count: int) -> pa.Table:
    columns = []
    for field in table.schema:
        values = given.get(field.name, [None] * count)
        columns.append(pa.array(values, field.type) if isinstance(values, list) else values)
    return pa.table(columns, table.schema)


def rows_of(lake: Lake, table: Table) -> list[tuple[int, bytes | None]]:
    raw = "raw" if table is RAW_MESSAGES else "null"
    handle = DeltaTable(str(lake.path(table)))
    sql = f'select "offset", {raw} as raw from t'  # noqa: S608
    rows = pa.table(QueryBuilder().register("t", handle).execute(sql)).to_pylist()
    return sorted((row["offset"], row["raw"]) for row in rows)
