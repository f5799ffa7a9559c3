"""Breaking a lake on purpose, the way no writer of ours does.

Here: rows changed, added or taken away behind the appends' back, in a copy of a lake. Not here:
what a check says of it.
"""

import duckdb
import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.catalogue import connect, quoted_name
from lakehouse.lake import Lake
from lakehouse.tables import Table


def change(lake: Lake, table: Table, where: str, **columns: str) -> pa.Table:
    """Set columns, each to an SQL expression, where a condition holds; the rows as they were."""
    set_to = ", ".join(f"{value} as {quoted_name(name)}" for name, value in columns.items())
    return rewrite(lake, table, where, f"select * replace ({set_to}) from chosen")  # noqa: S608


def take_away(lake: Lake, table: Table, where: str) -> pa.Table:
    """Delete rows; the rows as they were."""
    return rewrite(lake, table, where, "select * from chosen limit 0")


def double(lake: Lake, table: Table, where: str) -> pa.Table:
    """Store rows a second time; the rows as they were."""
    return rewrite(lake, table, where, "select * from chosen union all select * from chosen")


def rewrite(lake: Lake, table: Table, where: str, becomes: str) -> pa.Table:
    """Replace the rows of a condition, seen as `chosen`, by those of a query."""
    path = str(lake.path(table))
    with connect(lake, tables=(table,)) as connection:
        sql = f"select * from {table.name} where {where}"  # noqa: S608
        chosen = connection.execute(sql).to_arrow_table()
    changed = _query(becomes, chosen)
    assert chosen.num_rows, "nothing to break"
    dates = sorted({str(value) for value in chosen["received_date"].to_pylist()})
    listed = ", ".join(f"'{date}'" for date in dates)
    with connect(lake, tables=(table,)) as connection:
        kept = connection.execute(
            f"select * from {table.name}"  # noqa: S608
            f" where received_date in ({listed}) and not coalesce(({where}), false)"
        ).to_arrow_table()
    rows = pa.concat_tables([kept, changed.cast(kept.schema)])
    write_deltalake(
        path,
        _typed(table, rows),
        mode="overwrite",
        predicate=f"received_date in ({listed})",
    )
    return chosen


def _query(sql: str, chosen: pa.Table) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("chosen", chosen)
        return connection.execute(sql).to_arrow_table()


def _typed(table: Table, rows: pa.Table) -> pa.Table:
    return rows.select(table.schema.names).cast(table.schema)
