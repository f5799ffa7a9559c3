"""Facts of a lake, in chunks of patients, as files that any version of the rules can fold.

Here: which patients, which facts of them, and in which order. Not here: folding them (fold.py).

A chunk is a directory with one Arrow file per table of facts: whole patients of one facility, with
whomever they were merged with, and about ROWS facts, so that memory goes by the chunk and not by
the history. Rows stand in the order in which the lake learnt them; `message` numbers the messages
of the chunk in that order. Names stay in the lake.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from clinical.normalise.signals import OBSERVED
from lakehouse.arrivals import add_runs, arrivals
from lakehouse.catalogue import attach, quoted_name
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.lake import Lake
from lakehouse.lineage import SCORED_FACTS
from lakehouse.tables import IDENTITY_EVENTS, OBSERVATIONS, Table
from lakehouse.tables import TABLES as CONTRACTS
from orchestration.evaluation.fold import write
from orchestration.replays.scratch import engine

# Facts of one chunk: more takes memory, fewer takes time.
ROWS = 250_000
# All that a shard folds: a table left out would make other alerts of the same facts.
TABLES = tuple(CONTRACTS[name] for name in (*SCORED_FACTS, IDENTITY_EVENTS.name))
_PLACE = ("feed", "partition", "offset", "row", "received_at")
_NARROW = (*_PLACE, "facility", "patient_id", "encounter_id", *OBSERVED)
_NAMES = ("family_name", "given_name", "address", "postcode", "phone")


@dataclass(frozen=True, slots=True)
class Period:
    """From when on, and up to when (not including), messages were received (UTC)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Chunked:
    """Chunks in a directory: the period that they tell of, and at which cut they were read."""

    place: Path
    period: Period
    cut: Cut
    observations: int


@contextmanager
def chunked(
    lake: Lake, since: datetime | None, until: datetime | None, rows: int = ROWS
) -> Iterator[Chunked]:
    """The facts of everyone of whom something was received in a period.

    What was received before the period is there as well, since rules rest on it.

    Args:
        lake: The lake, which is only read.
        since: Begin of the period; the lake's first message where None.
        until: Its end; just after the lake's last message where None.
        rows: About how many facts a chunk has.
    """
    at = cut_now(lake)
    with tempfile.TemporaryDirectory(prefix="pulsehouse-backtest-") as folder:
        work = Path(folder)
        with closing(engine(work)) as connection:
            attach(connection, lake, "lake", at=at)
            add_runs(connection, arrivals(lake, at))
            period = _period(connection, since, until)
            facts = work / "facts"
            observations = _write(connection, facts, period, rows)
        (work / "work.duckdb").unlink()
        yield Chunked(facts, period, at, observations)


def _period(
    connection: duckdb.DuckDBPyConnection, since: datetime | None, until: datetime | None
) -> Period:
    sql = "select min(received_at), max(received_at) + interval 1 second from lake.raw_messages"
    first, last = connection.execute(sql).fetchone() or (None, None)
    nothing = datetime(1970, 1, 1, tzinfo=UTC)
    return Period(since or first or nothing, until or last or nothing)


def _write(connection: duckdb.DuckDBPyConnection, facts: Path, period: Period, rows: int) -> int:
    """Write every chunk; how many observations there are."""
    facts.mkdir()
    bounds = {"since": period.since, "until": period.until}
    connection.execute("create table survivors as from lake.survivors(null)")
    connection.execute(_RUNS)
    connection.execute(_PEOPLE, bounds)
    connection.execute(_CHUNK_OF, {"rows": rows})
    for table in TABLES:
        connection.execute(_chunked(table), {"until": period.until})
    (chunks,) = connection.execute(
        "select coalesce(max(chunk) + 1, 0) from chunk_of"
    ).fetchone() or (0,)
    for number in range(chunks):
        store(facts / f"chunk-{number:05d}", _of(connection, number))
    (count,) = connection.execute("select count(*) from chunked_observations").fetchone() or (0,)
    return int(count)


def store(chunk: Path, tables: Mapping[str, pa.Table]) -> None:
    """Write one chunk, given rows in order with `told`, the number of their message over all."""
    chunk.mkdir(parents=True)
    told = [rows["told"].to_numpy() for rows in tables.values()]
    numbers = np.unique(np.concatenate(told)) if told else np.zeros(0, np.int64)
    for (name, rows), places in zip(tables.items(), told, strict=True):
        message = pa.array(np.searchsorted(numbers, places).astype(np.int32))
        write(
            chunk / f"{name}.arrow", rows.drop_columns(["told"]).append_column("message", message)
        )


def columns_of(table: Table) -> Sequence[str]:
    """The columns that a fold reads: of observations, by far the widest, no more than these."""
    if table is OBSERVATIONS:
        return list(dict.fromkeys(_NARROW))
    return [name for name in table.schema.names if name != "received_date"]


_RUNS = """
create table learnt as
select *, sum(last - first + 1) over (order by number) - (last - first + 1) as before from runs
"""
_PEOPLE = """
create table people as
with told as (
    select facility, patient_id, count(*) as facts, max(received_at) as newest
    from lake.observations where received_at < $until and concept is not null group by all
    union all
    select facility, patient_id, count(*), max(received_at)
    from lake.encounter_events where received_at < $until group by all
)
select t.facility, coalesce(s.surviving_id, t.patient_id) as survivor, sum(t.facts) as facts
from told t
left join survivors s on s.facility is not distinct from t.facility
    and s.retired_id = t.patient_id
where t.patient_id is not null
group by all
having max(t.newest) >= $since
"""
_CHUNK_OF = """
create table chunk_of as
with counted as (
    select facility, survivor,
        (sum(facts) over (partition by facility order by survivor) - facts) // $rows as piece
    from people
),
placed as (
    select facility, survivor, (dense_rank() over (order by facility, piece) - 1)::integer as chunk
    from counted
)
select facility, survivor as patient_id, chunk from placed
union
select p.facility, s.retired_id, p.chunk
from placed p
join survivors s on s.facility is not distinct from p.facility and s.surviving_id = p.survivor
"""


def _chunked(table: Table) -> str:
    """A table's facts with their chunk and the place of their message in the order of arrival."""
    columns = ", ".join(
        f"null::varchar as {name}" if name in _NAMES else f"t.{quoted_name(name)}"
        for name in columns_of(table)
    )
    owner = "t.surviving_id" if table is IDENTITY_EVENTS else "t.patient_id"
    where = "and t.concept is not null" if table is OBSERVATIONS else ""
    return f"""
    create table {quoted_name("chunked_" + table.name)} as
    select c.chunk, (r.before + t."offset" - r."first")::bigint as told, {columns}
    from lake.{quoted_name(table.name)} t
    asof join learnt r
        on t.feed = r.feed and t."partition" = r."partition" and t."offset" >= r."first"
    join chunk_of c on c.facility is not distinct from t.facility and c.patient_id = {owner}
    where t.received_at < $until {where}
    order by chunk, told, t."row"
    """  # noqa: S608 the contract's names, quoted


def _of(connection: duckdb.DuckDBPyConnection, number: int) -> dict[str, pa.Table]:
    found = {}
    for table in TABLES:
        sql = (
            f"select * exclude (chunk) from {quoted_name('chunked_' + table.name)}"  # noqa: S608 as above
            ' where chunk = ? order by told, "row"'
        )
        rows = connection.execute(sql, [number]).to_arrow_table()
        if rows.num_rows:
            found[table.name] = rows
    return found
