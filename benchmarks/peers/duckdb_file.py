"""DuckDB over the whole file, as a job at 2 am would.

Here: both jobs in SQL. Not here: a stream: each run reads the file from its beginning.
"""

from pathlib import Path

import duckdb

from benchmarks.peers.law import Law, sql_points

PACKAGES = ("duckdb",)
_TYPES = "{patient: 'VARCHAR', time: 'BIGINT', code: 'VARCHAR', value: 'DOUBLE'}"


def stream(events: Path, law: Law, out: Path) -> None:
    """One query: newest values by window functions, points by CASE, Parquet by COPY."""
    newest = ", ".join(
        f"last_value(case when code = '{v.code}' then value end ignore nulls) over told as {v.code}"
        for v in law
    )
    query = f"""
        copy (
            select patient, time, code, value, cast({sql_points(law)} as integer) as news2
            from (
                select patient, time, code, value, {newest}
                from read_json('{events}', format = 'newline_delimited', columns = {_TYPES})
                window told as (
                    partition by patient order by time
                    rows between unbounded preceding and current row
                )
            )
        ) to '{out / "rows.parquet"}' (format parquet, compression zstd)
    """  # noqa: S608 paths and bands of our own making
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(query)
