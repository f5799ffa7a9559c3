"""DuckDB: string_split and unnest.

Here: the decode job. Not here: escapes, repetitions, encodings, errors.
"""

import duckdb
import pyarrow as pa

from benchmarks.peers.decoded import SCHEMA

PACKAGES = ("duckdb", "pyarrow")
_QUERY = r"""
with lines as (
    select message, unnest(lines) as line, generate_subscripts(lines, 1) as place
    from (select message, string_split(raw, chr(13)) as lines from messages)
),
cells as (
    select message, place, string_split(line, '|') as cell
    from lines where line like 'PID|%' or line like 'OBX|%'
),
patients as (
    select message, split_part(cell[4], '^', 1) as patient from cells where cell[1] = 'PID'
)
select
    patient,
    split_part(cell[4], '^', 1) as code,
    cell[6]::double as value,
    cell[7] as unit,
    cell[15] as time
from cells join patients using (message)
where cell[1] = 'OBX' and cell[3] = 'NM'
order by message, place
"""


def decode(messages: list[bytes]) -> pa.Table:
    """Every numeric OBX of every message."""
    raw = pa.array(messages, pa.binary()).cast(pa.string())
    with duckdb.connect() as connection:
        connection.register("messages", pa.table({"message": range(len(messages)), "raw": raw}))
        return connection.execute(_QUERY).to_arrow_table().cast(SCHEMA)
