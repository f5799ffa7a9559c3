"""Which rows a check looks at, and the columns of them that its rules read.

Here: rows between two cuts as batches of bounded size, rows whose key is not their own, and the
types that a table is stored with. Not here: the rules (suites.py), or what is made of them
(checking.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, Schema

from lakehouse.catalogue import SPELT_OUT, connect, quoted_name, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import TABLES, Table
from orchestration.quality.rules import PLACE, Ordered, Suite, Unique, columns_of
from orchestration.quality.suites import LOOKUPS

# Rows that are looked at together: more is a little faster, and takes more memory.
BATCH_ROWS = 250_000

_REPEATED = """
create or replace temp table repeated as
select {key}, count(*) as times from {table} t {fresh} group by all having count(*) > 1
"""
_SHARING = """
select {shown} from {table} t semi join repeated r on {alike} order by {key} limit {limit}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """A lake's rows after one cut and up to another, in a connection of their own."""

    lake: Lake
    connection: duckdb.DuckDBPyConnection
    since: Cut
    at: Cut

    @classmethod
    def at_rows(cls, lake: Lake, table: Table, since: Cut, at: Cut) -> Self:
        """Open a look; where the line went back behind `since`, everything is looked at again."""
        kept = {place: passed for place, passed in since.items() if at.get(place, -1) >= passed}
        connection = connect(lake, tables=(table,), at=at)
        for name, columns in LOOKUPS.items():
            # A lookup is registered to be copied: views over it would outlive this method.
            connection.register("lookup", pa.table(dict(columns)))
            connection.execute(f"create temp table {name} as from lookup")
            connection.unregister("lookup")
        look = cls(lake, connection, Cut(kept), at)
        look._add_passed()
        return look

    def __enter__(self) -> Self:
        """The look."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connection."""
        self.connection.close()

    def rows(self, suite: Suite) -> Iterator[pa.Table]:
        """The rows that were not looked at yet, with the columns that the suite's rules read."""
        sql = (
            f"select {_wanted(suite)} from {quoted_name(suite.table)} t {suite.joins} {self._fresh}"  # noqa: S608 names of contracts and of suites
        )
        for batch in self.connection.execute(sql).to_arrow_reader(BATCH_ROWS):
            yield pa.Table.from_batches([batch])

    def sharing(self, suite: Suite, key: Unique) -> tuple[int, pa.Table]:
        """How many rows share their key with another, and the first of them in order of the key."""
        shown = tuple(dict.fromkeys((*key.columns, *PLACE)))
        names = [quoted_name(name) for name in key.columns]
        self.connection.execute(
            _REPEATED.format(
                table=quoted_name(suite.table),
                key=", ".join(names),
                # Rows of one message are looked at together: a key that names it needs no others.
                fresh=self._fresh if "offset" in key.columns else "",
            )
        )
        times = self.connection.execute("select sum(times) from repeated").fetchall()[0][0]
        if not times:
            return 0, TABLES[suite.table].schema.empty_table().select(shown)
        sql = _SHARING.format(
            table=quoted_name(suite.table),
            key=", ".join(names),
            shown=", ".join(f"t.{quoted_name(name)}" for name in shown),
            alike=" and ".join(f"t.{name} is not distinct from r.{name}" for name in names),
            limit=BATCH_ROWS,
        )
        return int(times), self.connection.execute(sql).to_arrow_table()

    @property
    def _fresh(self) -> str:
        if len(self.at) > SPELT_OUT:
            return (
                'semi join passed p on t.feed = p.feed and t."partition" = p."partition"'
                ' and t."offset" > p.passed'
            )
        spelt = (
            f'(t.feed = {quoted_text(feed)} and t."partition" = {number:d}'
            f' and t."offset" > {self.since.get((feed, number), -1):d})'
            for feed, number in self.at
        )
        return "where " + (" or ".join(spelt) or "false")

    def _add_passed(self) -> None:
        rows = [[feed, number, self.since.get((feed, number), -1)] for feed, number in self.at]
        columns = 'feed varchar, "partition" integer, passed bigint'
        self.connection.execute(f"create temp table passed ({columns})")
        if rows:
            self.connection.executemany("insert into passed values (?, ?, ?)", rows)


def _wanted(suite: Suite) -> str:
    read = (
        name
        for rule in suite.rules
        if not isinstance(rule, Unique | Ordered)
        for name in columns_of(rule)
    )
    names = dict.fromkeys((*PLACE, *read))
    return ", ".join(
        f"{suite.derived[name]} as {quoted_name(name)}"
        if name in suite.derived
        else f"t.{quoted_name(name)}"
        for name in names
    )


def stored_columns(lake: Lake, table: Table) -> Sequence[str]:
    """The columns that a table is stored with, in order."""
    return [field.name for field in DeltaTable(str(lake.path(table))).schema().fields]


def stored_types(lake: Lake, table: Table) -> pa.Table:
    """Type and nullability of each column, as stored and as the contract has them."""
    stored = {f.name: f for f in DeltaTable(str(lake.path(table))).schema().fields}
    contract = {f.name: f for f in Schema.from_arrow(table.schema).fields}
    both = [name for name in contract if name in stored]
    return pa.table(
        {
            "column": pa.array(both, pa.string()),
            "stored_type": pa.array([str(stored[name].type) for name in both], pa.string()),
            "contract_type": pa.array([str(contract[name].type) for name in both], pa.string()),
            "stored_nullable": [stored[name].nullable for name in both],
            "contract_nullable": [contract[name].nullable for name in both],
        }
    )
