"""Two lakes held against each other, row for row.

Here: which rows of a table differ, between what the stream stored and what a replay gave: every
column, nested ones too, whatever the order of rows. Not here: the replay (arrival.py).

Stretches of messages whose rows add up to the same hash on both sides are equal and are looked at
no more; in the others rows are held against each other one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from lakehouse.arrivals import Run, stretches
from lakehouse.batch.replays import REPLAY_DIFFERENCES
from lakehouse.catalogue import attach, quoted_name, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import TABLES, Table
from orchestration.replays.scratch import engine

# Messages per stretch: more makes fewer sums, and more rows to look at where one differs.
STRETCH = 4_096
PLACE = ("feed", "partition", "offset", "row")
RULES = "rules_version"


@dataclass(frozen=True, slots=True)
class Compared:
    """One table: rows of the stream, rows that differ, and the same of rows made by other rules."""

    table: str
    rows: int
    differing: int
    other_rules: Mapping[str, Mapping[str, int]]

    @property
    def told(self) -> Mapping[str, int]:
        """Counts for the evidence."""
        apart = sum(counts["differing"] for counts in self.other_rules.values())
        return {"rows": self.rows, "differing": self.differing, "of_other_rules": apart}


class Comparison:
    """A connection that sees the stored tables and the replayed ones, at one cut.

    Args:
        stored: The lake.
        replayed: The lake that the replay filled.
        at: The cut.
        runs: The messages that were replayed; nothing else is compared.
        work: A directory for what does not fit in memory.
    """

    def __init__(
        self, stored: Lake, replayed: Lake, at: Cut, runs: Iterable[Run], work: Path
    ) -> None:
        self._connection = engine(work)
        attach(self._connection, stored, "stored", at=at)
        attach(self._connection, replayed, "replayed", at=at)
        _add_scope(self._connection, runs)

    def close(self) -> None:
        """Let go of the engine."""
        self._connection.close()

    def compare(self, table: Table, rules_version: str) -> Compared:
        """Compare one table; its differing rows stay in `differing`."""
        for side in ("stored", "replayed"):
            self._connection.execute(_stretches(table, side))
        self._connection.execute(SUSPECTS)
        for side in ("stored", "replayed"):
            self._connection.execute(_rows(table, side))
        self._connection.execute(DIFFERING)
        return Compared(
            table.name,
            self._count("select coalesce(sum(rows), 0)::bigint from stretches_stored"),
            self._count("select count(*) from differing"),
            self._other_rules(table, rules_version),
        )

    def shown(self, table: Table, replay_id: str, first: int, most: int) -> pa.Table:
        """The first differing rows of the table that was just compared, as they are stored."""
        sql = _shown(table)
        values = {"replay_id": replay_id, "first": first, "most": most}
        rows = self._connection.execute(sql, values).to_arrow_table()
        return REPLAY_DIFFERENCES.conform(rows)

    def _other_rules(self, table: Table, mine: str) -> Mapping[str, Mapping[str, int]]:
        if RULES not in table.schema.names:
            return {}
        sql = OTHER_RULES.format(table=quoted_name(table.name))
        found = self._connection.execute(sql, {"mine": mine}).fetchall()
        return {version: {"rows": rows, "differing": apart} for version, rows, apart in found}

    def _count(self, sql: str) -> int:
        (count,) = self._connection.execute(sql).fetchone() or (0,)
        return int(count)


def _add_scope(connection: duckdb.DuckDBPyConnection, runs: Iterable[Run]) -> None:
    columns = 'feed varchar, "partition" integer, "first" bigint, "last" bigint'
    connection.execute(f"create temp table scope ({columns})")
    rows = [[run.feed, run.partition, run.first, run.last] for run in stretches(runs)]
    if rows:
        connection.executemany("insert into scope values (?, ?, ?, ?)", rows)


_IN_SCOPE = """
semi join scope s on t.feed = s.feed and t."partition" = s."partition"
    and t."offset" between s."first" and s."last"
"""


def _hashed(table: Table) -> str:
    return f"hash({', '.join(f't.{quoted_name(name)}' for name in table.schema.names)})"


def _stretches(table: Table, side: str) -> str:
    source = f"{side}.{quoted_name(table.name)}"
    return (
        f"create or replace temp table stretches_{side} as"  # noqa: S608 the contract's names, quoted
        f' select t.feed, t."partition", t."offset" // {STRETCH} as stretch, count(*) as rows,'
        f" sum({_hashed(table)}::hugeint) as total from {source} t {_IN_SCOPE} group by all"
    )


SUSPECTS = """
create or replace temp table suspects as
select feed, "partition", stretch
from stretches_stored a full join stretches_replayed b using (feed, "partition", stretch)
where (a.rows, a.total) is distinct from (b.rows, b.total)
"""


def _rows(table: Table, side: str) -> str:
    source = f"{side}.{quoted_name(table.name)}"
    rules = f"t.{RULES}" if RULES in table.schema.names else "null::varchar"
    return (
        f"create or replace temp table rows_{side} as"  # noqa: S608 the contract's names, quoted
        f' select t.feed, t."partition", t."offset", t."row", count(*) as times,'
        f" sum({_hashed(table)}::hugeint) as total, any_value({rules}) as rules_version"
        f" from {source} t {_IN_SCOPE}"
        ' semi join suspects u on t.feed = u.feed and t."partition" = u."partition"'
        f' and t."offset" // {STRETCH} = u.stretch group by all'
    )


DIFFERING = """
create or replace temp table differing as
select
    feed, "partition", "offset", "row", a.rules_version,
    case
        when b.times is null then 'stream'
        when a.times is null then 'replay'
        when a.times <> b.times then 'repeated'
        else 'both'
    end as side
from rows_stored a full join rows_replayed b using (feed, "partition", "offset", "row")
where (a.times, a.total) is distinct from (b.times, b.total)
"""
OTHER_RULES = """
select t.rules_version, count(*), (
    select count(*) from differing d where d.rules_version = t.rules_version
)
from stored.{table} t semi join scope s on t.feed = s.feed and t."partition" = s."partition"
    and t."offset" between s."first" and s."last"
where t.rules_version <> $mine group by all order by all
"""


def _shown(table: Table) -> str:
    """The first differing rows with their key, and the columns that differ where both have it."""
    name = quoted_name(table.name)
    key = ", ".join(
        f"{quoted_name(c)} := coalesce(a.{quoted_name(c)}, b.{quoted_name(c)})" for c in table.key
    )
    apart = ", ".join(
        f"if(a.{quoted_name(c)} is distinct from b.{quoted_name(c)}, {quoted_text(c)}, null)"
        for c in table.schema.names
    )
    at = " and ".join(f"{{side}}.{quoted_name(c)} = d.{quoted_name(c)}" for c in PLACE)
    return f"""
    with first_ones as (
        from differing order by feed, "partition", "offset", "row" limit $most
    )
    select distinct on (d.feed, d."partition", d."offset", d."row")
        $replay_id as replay_id,
        $first + dense_rank() over (
            order by d.feed, d."partition", d."offset", d."row"
        ) as number,
        {quoted_text(table.name)} as table_name,
        d.side,
        to_json(struct_pack({key}))::varchar as key,
        {", ".join(f"d.{quoted_name(c)}" for c in PLACE)},
        if(d.side = 'both', list_filter([{apart}], lambda c: c is not null), null) as columns,
        d.rules_version
    from first_ones d
    left join stored.{name} a on {at.format(side="a")}
    left join replayed.{name} b on {at.format(side="b")}
    order by number
    """  # noqa: S608 the contract's names, quoted


def tables_in_order() -> Sequence[Table]:
    """The tables that are compared."""
    return tuple(TABLES.values())
