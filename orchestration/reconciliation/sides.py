"""Both sides of one job's night, and the keys in which they differ.

Here: the tables `legacy_side` and `stream_side` with one row per key, how many keys come more than
once, and the table `differing`: one row per key that only one side has or that differs in a
compared column. Not here: the rows themselves (orchestration/jobs), or why they differ (causes).

A key that comes twice is still compared, once: of the job its last row counts, of the stream the
row that was learnt last. Null is a value of its own in a key, so that no row is left out.
"""

from dataclasses import dataclass

import duckdb

from lakehouse.catalogue import quoted_name
from orchestration.jobs.contract import Compared, JobContract
from orchestration.reconciliation.window import Window

# Whoever an identifier stands for by all that is known at the cut: two rows of one person are the
# same patient's, whatever was known in the night.
PERSONS = """
create temp table persons as
select retired_id as patient_id, min(surviving_id) as person
from lake.survivors(null::timestamptz)
group by all
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows and keys each side has, and how many keys match."""

    legacy_rows: int
    stream_rows: int
    legacy_repeated: int
    stream_repeated: int
    matched: int


def gather(connection: duckdb.DuckDBPyConnection, job: JobContract, window: Window) -> Counts:
    """Make the tables of both sides and `differing`, and count.

    Args:
        connection: With the macros of `orchestration.jobs.rows`.
        job: The job's contract.
        window: The night.
    """
    connection.execute(PERSONS)
    connection.execute(
        f"create temp table legacy_rows as from jobs.{quoted_name(f'legacy_{job.name}')}"
        f"({window.night_sql}, {window.night_sql})"
    )
    connection.execute(
        f"create temp table stream_rows as from jobs.{quoted_name(f'stream_{job.name}')}"
        f"({window.opens_sql}, {window.closes_sql})"
    )
    repeated = {side: _one_row_per_key(connection, job, side) for side in ("legacy", "stream")}
    connection.execute(_differing(job))
    return Counts(
        legacy_rows=_count(connection, "legacy_rows"),
        stream_rows=_count(connection, "stream_rows"),
        legacy_repeated=repeated["legacy"],
        stream_repeated=repeated["stream"],
        matched=_count(connection, "legacy_side")
        - _count(connection, "differing where l.line is not null"),
    )


def unequal(column: Compared, left: str, right: str) -> str:
    """A condition: whether two values of a compared column differ by more than is tolerated.

    Args:
        column: The column with its tolerances.
        left: The job's row as SQL names it.
        right: The other row as SQL names it.
    """
    one, other = f"{left}.{quoted_name(column.name)}", f"{right}.{quoted_name(column.name)}"
    differs = f"{one} is distinct from {other}"
    if column.absolute or column.relative:
        slack = f"{column.absolute!r} + {column.relative!r} * abs({one})"
        differs = f"({differs} and not coalesce(abs({one} - {other}) <= {slack}, false))"
    if column.seconds:
        apart = f"abs(epoch_us({one}) - epoch_us({other}))"
        slack = f"{round(column.seconds * 1_000_000):d}"
        differs = f"({differs} and not coalesce({apart} <= {slack}, false))"
    return f"({one} is not null and {differs})" if column.if_stated else f"({differs})"


def key_of(job: JobContract) -> tuple[str, ...]:
    """The key's columns within a night."""
    return tuple(name for name in job.key if name != "night")


def _one_row_per_key(connection: duckdb.DuckDBPyConnection, job: JobContract, side: str) -> int:
    key = ", ".join(map(quoted_name, key_of(job)))
    has_null = " or ".join(f"{quoted_name(name)} is null" for name in key_of(job))
    repeated = _count(
        connection,
        f"(select 1 from {side}_rows group by {key} having count(*) > 1 or bool_or({has_null}))",  # noqa: S608 contract's names
    )
    order = (
        "line desc"
        if side == "legacy"
        else 'received_at desc, feed desc, "partition" desc, "offset" desc, "row" desc'
    )
    once = f"qualify row_number() over (partition by {key} order by {order}) = 1"
    connection.execute(
        f"create temp view {side}_side as from {side}_rows {once if repeated else ''}"
    )
    return repeated


def _differing(job: JobContract) -> str:
    key = key_of(job)
    same = " and ".join(
        f"l.{quoted_name(name)} is not distinct from s.{quoted_name(name)}" for name in key
    )
    differs = " or ".join(unequal(column, "l", "s") for column in job.compared)
    order = ", ".join(f"coalesce(l.{quoted_name(n)}, s.{quoted_name(n)}) nulls first" for n in key)
    return f"""
create temp table differing as
select
    row_number() over (order by {order}, l.line is null) as number,
    l,
    s,
    coalesce(of_l.person, l.patient_id) as l_person,
    coalesce(of_s.person, s.patient_id) as s_person,
    l.line is not null as has_l,
    s.feed is not null as has_s
from legacy_side as l
full join stream_side as s on {same}
left join persons as of_l on of_l.patient_id = l.patient_id
left join persons as of_s on of_s.patient_id = s.patient_id
where l.line is null or s.feed is null or {differs}
"""  # noqa: S608 contract's names


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    (count,) = connection.execute(f"select count(*) from {relation}").fetchone() or (0,)  # noqa: S608 our names
    return int(count)
