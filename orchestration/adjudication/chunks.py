"""Facts of a lake at one cut, a chunk of patients at a time.

Here: which facts, in which order, under which identifier. Not here: what is made of them
(judging.py).

A chunk is whole patients of one facility, about ROWS facts, so that memory goes by the chunk and
not by the history. Merged patients stand under the surviving identifier; rows stand in the order in
which the lake learnt them, and `message` numbers the messages of a chunk in that order.
"""

from collections.abc import Iterator, Mapping

import duckdb
import pyarrow as pa

from clinical.detection.sepsis import NAME as SEPSIS
from clinical.normalise.signals import OBSERVED
from lakehouse.catalogue import quoted_name, quoted_text
from lakehouse.tables import (
    ALERTS,
    DIAGNOSES,
    ENCOUNTER_EVENTS,
    MEDICATION_EVENTS,
    OBSERVATIONS,
    ORDER_EVENTS,
    PATIENT_DEMOGRAPHICS,
    Table,
)

# Facts of one chunk: more takes memory, fewer takes time.
ROWS = 100_000
READ = (
    OBSERVATIONS,
    ORDER_EVENTS,
    MEDICATION_EVENTS,
    DIAGNOSES,
    PATIENT_DEMOGRAPHICS,
    ENCOUNTER_EVENTS,
    ALERTS,
)
# Of observations, by far the widest, no more than is folded; names of patients stay in the lake.
_PLACE = ("feed", "partition", "offset", "row", "received_at")
_NARROW = dict.fromkeys((*_PLACE, "facility", "patient_id", "encounter_id", *OBSERVED))
_PERSON = (*_PLACE, "facility", "patient_id", "encounter_id", "birth_date", "died_at")
_RAISED = (*_PLACE, "facility", "patient_id", "encounter_id", "raised_at")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    OBSERVATIONS.name: tuple(_NARROW),
    PATIENT_DEMOGRAPHICS.name: _PERSON,
    ALERTS.name: _RAISED,
}
_WHERE: Mapping[str, str] = {
    OBSERVATIONS.name: "t.concept is not null",
    ALERTS.name: f"t.rule_family = {quoted_text(SEPSIS)} and t.suppressed_by is null",
}


def gather(connection: duckdb.DuckDBPyConnection, rows: int) -> int:
    """Lay the facts out by chunk; how many chunks there are.

    Args:
        connection: Has the lake's tables in the schema `lake`, with `survivors`, and the table
            `runs` (lakehouse/arrivals.py); its own tables lie in a file.
        rows: Facts of one chunk.
    """
    connection.execute("create table survivors as from lake.survivors(null)")
    connection.execute(_LEARNT)
    connection.execute(_PEOPLE, {"rows": rows})
    for table in READ:
        connection.execute(_laid_out(table))
    (chunks,) = connection.execute("select coalesce(max(chunk) + 1, 0) from people").fetchone() or (
        0,
    )
    return int(chunks)


def chunk(connection: duckdb.DuckDBPyConnection, number: int) -> dict[str, pa.Table]:
    """The facts of one chunk, by table."""
    connection.execute(_MESSAGES, [number])
    return {table.name: _rows(connection, table, number) for table in READ}


def chunks(
    connection: duckdb.DuckDBPyConnection, rows: int = ROWS
) -> Iterator[dict[str, pa.Table]]:
    """The facts of one chunk after the other."""
    for number in range(gather(connection, rows)):
        yield chunk(connection, number)


# The place of a message in the order of arrival over all feeds: messages before its run, and on.
_LEARNT = """
create table learnt as
select *, sum(last - first + 1) over (order by number) - (last - first + 1) as before from runs
"""
_PEOPLE = """
create table people as
with told as (
    select facility, patient_id, count(*) as facts from lake.observations group by all
    union all
    select facility, patient_id, count(*) from lake.order_events group by all
    union all
    select facility, patient_id, count(*) from lake.medication_events group by all
),
summed as (
    select t.facility, coalesce(s.surviving_id, t.patient_id) as survivor, sum(t.facts) as facts
    from told t
    left join survivors s on s.facility is not distinct from t.facility
        and s.retired_id = t.patient_id
    where t.patient_id is not null
    group by all
),
placed as (
    select *, (sum(facts) over (partition by facility order by survivor) - facts) // $rows as piece
    from summed
),
numbered as (
    select facility, survivor,
        (dense_rank() over (order by facility, piece) - 1)::integer as chunk
    from placed
)
select facility, survivor as patient_id, survivor, chunk from numbered
union all
select n.facility, s.retired_id, n.survivor, n.chunk
from numbered n
join survivors s on s.facility is not distinct from n.facility and s.surviving_id = n.survivor
"""
_MESSAGES = """
create or replace temp table messages as
with every as (
    select distinct told from laid_observations where chunk = $1
    union
    select distinct told from laid_order_events where chunk = $1
    union
    select distinct told from laid_medication_events where chunk = $1
    union
    select distinct told from laid_diagnoses where chunk = $1
    union
    select distinct told from laid_patient_demographics where chunk = $1
    union
    select distinct told from laid_encounter_events where chunk = $1
    union
    select distinct told from laid_alerts where chunk = $1
)
select told, (row_number() over (order by told) - 1)::integer as message from every
"""


def columns_of(table: Table) -> tuple[str, ...]:
    """The columns that are read of a table."""
    return _COLUMNS.get(table.name) or tuple(
        name for name in table.schema.names if name != "received_date"
    )


def _laid_out(table: Table) -> str:
    columns = ", ".join(
        "p.survivor as patient_id" if name == "patient_id" else f"t.{quoted_name(name)}"
        for name in columns_of(table)
    )
    return f"""
    create table {quoted_name("laid_" + table.name)} as
    select p.chunk, (r.before + t."offset" - r."first")::bigint as told, {columns}
    from lake.{quoted_name(table.name)} t
    asof join learnt r
        on t.feed = r.feed and t."partition" = r."partition" and t."offset" >= r."first"
    join people p on p.facility is not distinct from t.facility and p.patient_id = t.patient_id
    where {_WHERE.get(table.name, "true")}
    order by chunk
    """  # noqa: S608 the contract's names, quoted


def _rows(connection: duckdb.DuckDBPyConnection, table: Table, number: int) -> pa.Table:
    sql = (
        f"select l.* exclude (chunk, told), m.message from {quoted_name('laid_' + table.name)} l"  # noqa: S608 as above
        ' join messages m using (told) where l.chunk = ? order by m.message, l."row"'
    )
    return connection.execute(sql, [number]).to_arrow_table()
