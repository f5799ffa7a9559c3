"""How the stream's tables stand: versions, rows, newest message, and what became of messages.

Here: that, read from the tables' logs as far as they say it. Not here: Dagster
(stream_observation.py), or whether the books balance (orchestration/quality).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES, TABLES, Table

# A feed is never silent for so long in a hospital that is awake: then somebody should look.
LONGEST_LAG = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class TableState:
    """One table now; `last_received_at` is None where no file says it."""

    name: str
    version: int
    rows: int
    files: int
    bytes: int
    last_received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Disposition:
    """How many messages of a feed came to one end."""

    feed: str
    disposition: str
    messages: int


def table_states(lake: Lake) -> list[TableState]:
    """Every table that has rows, in the order of the contracts."""
    return [table_state(lake, table) for table in TABLES.values() if lake.has(table)]


def table_state(lake: Lake, table: Table) -> TableState:
    """One table, as its log tells: no row is read."""
    handle = DeltaTable(str(lake.path(table)))
    files = pa.table(handle.get_add_actions(flatten=True))
    newest = None
    if "max.received_at" in files.column_names:
        newest = pc.max(files.column("max.received_at")).as_py()
    return TableState(
        name=table.name,
        version=handle.version(),
        rows=pc.sum(files.column("num_records")).as_py() or 0,
        files=files.num_rows,
        bytes=pc.sum(files.column("size_bytes")).as_py() or 0,
        last_received_at=newest.astimezone(UTC) if newest is not None else None,
    )


def dispositions(lake: Lake) -> list[Disposition]:
    """What became of the messages of each feed."""
    sql = (
        "select feed, disposition, count(*) from raw_messages"
        " group by feed, disposition order by feed, disposition"
    )
    with connect(lake, tables=(RAW_MESSAGES,)) as connection:
        return [Disposition(*row) for row in connection.execute(sql).fetchall()]


def is_late(lag: timedelta) -> bool:
    """Whether somebody should look; a newest message from the future is as odd as an old one."""
    return not -LONGEST_LAG <= lag <= LONGEST_LAG
