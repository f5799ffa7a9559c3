"""The ledger equation: no message is lost, and none is counted twice.

Here: `counts`, what became of the messages of each feed and hour, and `imbalances`, every place
where the books do not balance at one cut. Not here: what a row may hold (suites.py), or a replay,
which asks whether the rows follow from the messages (orchestration/replays).

`raw_messages` is the journal: one row per message, its offset without a gap from 0. So the
equation `journaled = parsed + skipped + quarantined + duplicate + lost + pending` holds where every
offset up to the cut is there once, with a known disposition, and every other row stands on a parsed
message. Lost are messages that no inbox can give any more and that are recorded as such
(lakehouse/losses.py): a gap that nobody recorded is an imbalance. Pending are messages that some
table has rows of, and the journal not yet; a reader at the cut sees none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb
import pyarrow as pa

from lakehouse.catalogue import connect, quoted_name, quoted_text
from lakehouse.columns import DISPOSITIONS
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.lake import Lake
from lakehouse.losses import NO_MESSAGE, losses
from lakehouse.tables import RAW_MESSAGES, TABLES

What = Literal[
    "missing_message",
    "repeated_message",
    "unknown_disposition",
    "row_without_message",
    "row_of_unparsed_message",
    "message_beyond_cut",
]

# A hash of the whole line would cost a sort; so much shows where it is broken, and only there the
# offsets are sorted.
_BROKEN = """
create temp table broken as
select feed, "partition" from raw_messages
join cut using (feed, "partition")
group by all
having count(*) <> any_value(reached) + 1 or count(distinct "offset") <> any_value(reached) + 1
    or min("offset") <> 0
union
select feed, "partition" from cut
anti join raw_messages using (feed, "partition")
union
select feed, "partition" from lost
"""
# Recorded losses up to the cut; rows of a message that were stored before it was lost are part of
# the loss.
_LOST = """
create temp table lost as
select feed, "partition", first_offset, least(last_offset, reached) as last_offset, reason,
    noticed_at
from recorded join cut using (feed, "partition")
where first_offset <= reached
"""
# Each gap is shown in the hour of the message before it, or after it where none is before.
_GAPS = """
create temp table gaps as
with seen as (
    select distinct on (feed, "partition", "offset")
        feed, "partition", "offset" as first_seen, "offset" as last_seen, received_at
    from raw_messages semi join broken using (feed, "partition")
    union all
    select feed, "partition", first_offset, last_offset, null from lost
    union all
    select feed, "partition", -1, -1, null from broken
    union all
    select feed, "partition", reached + 1, reached + 1, null
    from cut semi join broken using (feed, "partition")
),
following as (
    select
        feed,
        "partition",
        max(last_seen) over line + 1 as first_offset,
        lead(first_seen) over line - 1 as last_offset,
        coalesce(received_at, lead(received_at) over line) as received_at
    from seen
    window line as (
        partition by feed, "partition" order by first_seen, last_seen
        rows between unbounded preceding and current row
    )
)
select * from following where last_offset >= first_offset
"""
_MISSING = """
select feed, "partition", date_trunc('hour', received_at) as hour, null as "table",
    sum(last_offset - first_offset + 1), min(first_offset), max(last_offset)
from gaps group by feed, "partition", hour
"""
_REPEATED = """
with repeated as (
    select feed, "partition", "offset", min(received_at) as received_at, count(*) - 1 as extra
    from raw_messages semi join broken using (feed, "partition")
    group by feed, "partition", "offset" having count(*) > 1
)
select feed, "partition", date_trunc('hour', received_at) as hour, null, sum(extra),
    min("offset"), max("offset")
from repeated group by feed, "partition", hour
"""
_UNKNOWN = """
select feed, "partition", date_trunc('hour', received_at) as hour, null, count(*),
    min("offset"), max("offset")
from raw_messages where not coalesce(list_contains(?, disposition), false)
group by feed, "partition", hour
"""
_COUNTED = """
select feed, "partition", date_trunc('hour', f.received_at) as hour, {text}, count(*),
    min(f."offset"), max(f."offset")
from {table} f
"""
_WITHOUT_MESSAGE = (
    _COUNTED
    + """
join gaps using (feed, "partition")
where f."offset" between first_offset and last_offset
group by feed, "partition", hour
"""
)
_OF_UNPARSED = (
    _COUNTED
    + """
semi join unparsed using (feed, "partition", "offset")
group by feed, "partition", hour
"""
)
_UNPARSED = """
create temp table unparsed as
select feed, "partition", "offset" from raw_messages where disposition is distinct from 'parsed'
"""
_BEYOND = """
select feed, "partition", date_trunc('hour', received_at) as hour, null, count(*),
    min("offset"), max("offset")
from delta_scan({path}) t left join cut using (feed, "partition")
where "offset" > coalesce(reached, -1)
group by feed, "partition", hour
"""
_PENDING = """
select feed, "partition", "offset", received_at
from delta_scan({path}) t left join cut using (feed, "partition")
where "offset" > coalesce(reached, -1)
"""
_COUNTS = """
with books as (
    select feed, received_at, disposition, 1 as messages from raw_messages
    union all
    select feed, min(received_at), 'pending', 1 from pending
    group by feed, "partition", "offset"
    union all
    select feed, noticed_at, 'lost', last_offset - first_offset + 1 from lost
    where reason <> '{no_message}'
)
select
    feed,
    date_trunc('hour', received_at) as hour,
    sum(messages)::bigint as journaled,
    {by_disposition}
from books group by feed, hour order by feed, hour
"""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """One way in which the books of one feed partition's hour do not balance.

    `hour` is by received_at, and None where no message of the partition is left to date it by;
    `count` is of messages, or of rows where `table` names whose; `look` is a query that shows
    them.
    """

    feed: str
    partition: int
    hour: datetime | None
    what: What
    table: str
    count: int
    look: str


def imbalances(lake: Lake, at: Cut | None = None) -> list[Imbalance]:
    """Every place where the books do not balance at a cut; empty where they do.

    Args:
        lake: The lake to read.
        at: The cut; the lake's newest where None.
    """
    line = cut_now(lake) if at is None else at
    with connect(lake, at=line) as connection:
        _show_losses(connection, lake)
        connection.execute(_BROKEN)
        connection.execute(_GAPS)
        connection.execute(_UNPARSED)
        found = [*_of_journal(connection), *_of_rows(connection)]
        # An older cut says nothing of what has come since.
        if at is None and lake.has(RAW_MESSAGES):
            path = quoted_text(str(lake.path(RAW_MESSAGES)))
            rows = connection.execute(_BEYOND.format(path=path)).fetchall()
            found += _imbalances(rows, "message_beyond_cut")
    return found


def counts(lake: Lake, at: Cut | None = None) -> pa.Table:
    """What became of the messages of each feed and hour of received_at, in that order.

    Lost messages count in the hour in which it was noticed.

    Args:
        lake: The lake to read.
        at: The cut, at which nothing is pending; the lake's newest where None.

    Returns:
        Columns feed, hour, journaled, one per disposition, pending, lost.
    """
    line = cut_now(lake) if at is None else at
    with connect(lake, at=line) as connection:
        _show_losses(connection, lake)
        scans = [] if at is not None else _scans_beyond(lake)
        nothing = 'select feed, "partition", "offset", received_at from raw_messages limit 0'
        pending = " union all ".join([f"({nothing})", *scans])
        connection.execute(f"create temp view pending as {pending}")
        columns = ", ".join(
            f"coalesce(sum(messages) filter (disposition = {quoted_text(name)}), 0)::bigint"
            f" as {quoted_name(name)}"
            for name in (*DISPOSITIONS, "pending", "lost")
        )
        sql = _COUNTS.format(by_disposition=columns, no_message=NO_MESSAGE)
        return connection.execute(sql).to_arrow_table()


def _show_losses(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    connection.register("recorded", losses(lake))
    connection.execute(_LOST)


def _scans_beyond(lake: Lake) -> list[str]:
    return [
        _PENDING.format(path=quoted_text(str(lake.path(table))))
        for table in TABLES.values()
        if table is not RAW_MESSAGES and lake.has(table)
    ]


def _of_journal(connection: duckdb.DuckDBPyConnection) -> Iterable[Imbalance]:
    yield from _imbalances(connection.execute(_MISSING).fetchall(), "missing_message")
    yield from _imbalances(connection.execute(_REPEATED).fetchall(), "repeated_message")
    unknown = connection.execute(_UNKNOWN, [list(DISPOSITIONS)])
    yield from _imbalances(unknown.fetchall(), "unknown_disposition")


def _of_rows(connection: duckdb.DuckDBPyConnection) -> Iterable[Imbalance]:
    for name in TABLES:
        if name == RAW_MESSAGES.name:
            continue
        named = {"table": quoted_name(name), "text": quoted_text(name)}
        lost = connection.execute(_WITHOUT_MESSAGE.format(**named)).fetchall()
        yield from _imbalances(lost, "row_without_message")
        unread = connection.execute(_OF_UNPARSED.format(**named)).fetchall()
        yield from _imbalances(unread, "row_of_unparsed_message")


def _imbalances(rows: list[tuple[object, ...]], what: What) -> list[Imbalance]:
    return [_imbalance(row, what) for row in sorted(rows, key=str)]


def _imbalance(row: tuple[object, ...], what: What) -> Imbalance:
    feed, partition, hour, table, count, first, last = row
    shown = str(table or RAW_MESSAGES.name)
    # The neighbours of what is missing are shown with it.
    margin = 1 if what == "missing_message" else 0
    columns = '"row"' if table else "disposition, stage, reason"
    look = (
        f'select feed, "partition", "offset", received_at, {columns}'  # noqa: S608 names and numbers, quoted
        f" from {quoted_name(shown)} where feed = {quoted_text(str(feed))}"
        f' and "partition" = {partition}'
        f' and "offset" between {int(str(first)) - margin} and {int(str(last)) + margin}'
        ' order by "offset"'
    )
    at = hour if isinstance(hour, datetime) else None
    return Imbalance(str(feed), int(str(partition)), at, what, shown, int(str(count)), look)
