"""What truly happened, as far as it is known today: the last version of every fact that is scored.

Here: identities resolved, corrections and retractions carried out, and the facts put in the order
in which they were true. Not here: the fold over them (record.py).

* Of an observation, and of an order's state, the version that was written last counts, as in the
  stream (clinical/normalise/written.py). Of a medication each dose counts, once per time it was
  given, since a later dose corrects no earlier one.
* What is withdrawn by something written later never was.
* A birth date holds from the patient's first moment on.
* An infusion is told at its start and, with its end, once more when it ended.
* Facts of one patient and one instant are one moment. Within it they stand by the time they were
  written down, then by their place in their message: nothing that depends on when they arrived.
"""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from clinical.normalise import signals as signals_of
from clinical.normalise.signals import PROVENANCE, SIGNALS
from lakehouse.catalogue import quoted_name, quoted_text
from lakehouse.tables import (
    DIAGNOSES,
    ENCOUNTER_EVENTS,
    FLAGS,
    MEDICATION_EVENTS,
    OBSERVATIONS,
    ORDER_EVENTS,
    PATIENT_DEMOGRAPHICS,
    PROCEDURES,
    Table,
)

# Facts that are read in one go: more takes memory, fewer takes time.
CHUNK = 200_000
SIGNALLING = (OBSERVATIONS, ORDER_EVENTS, MEDICATION_EVENTS)
FOLDED = (
    *SIGNALLING,
    *(PATIENT_DEMOGRAPHICS, ENCOUNTER_EVENTS, DIAGNOSES, PROCEDURES, FLAGS),
)

# Low bits of an offset that tell the moments of one message apart while it is folded: to the
# engine, rows of one offset are one message.
MOMENT_BITS = 20

_SPEAKS = {"observation_id", "is_scored", "not_scored_reason", "status", "documented_at"}
_NARROW = {*SIGNALS.names, *PROVENANCE.names, *_SPEAKS}


def columns_of(table: Table) -> Sequence[str]:
    """The columns that the fold needs: of observations, by far the widest, no more than these."""
    names = table.schema.names
    if table is OBSERVATIONS:
        return [name for name in names if name in _NARROW]
    return [name for name in names if name != "received_date"]


def settle(connection: duckdb.DuckDBPyConnection) -> int:
    """Find the final facts; gives the number of moments of the facility that has most.

    Args:
        connection: Has the lake's tables in the schema `lake`, with `survivors`, and the table
            `runs` (lakehouse/arrivals.py). On return it has `kept`: each final fact with its
            patient and moment; and one table `true_<name>` per table of FOLDED.
    """
    connection.execute("create table survivors as from lake.survivors(null)")
    connection.execute(_TOLD)
    for table in SIGNALLING:
        _tell(connection, table)
    connection.execute(_FINAL)
    connection.execute(_KEPT)
    for table in FOLDED:
        connection.execute(_true(table))
    (most,) = connection.execute("select coalesce(max(moment), -1) + 1 from kept").fetchone() or (
        0,
    )
    return int(most)


def _tell(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Add the signals of a table's facts, told by the law that the stream has them from."""
    wanted = ", ".join(quoted_name(name) for name in columns_of(table))
    where = "concept is not null" if table is OBSERVATIONS else "true"
    sql = f"select {wanted} from lake.{quoted_name(table.name)} where {where}"  # noqa: S608 the contract's names
    with connection.cursor() as reading:
        reading.execute("set TimeZone = 'UTC'")
        for batch in reading.execute(sql).to_arrow_reader(CHUNK):
            told = signals_of({table.name: pa.Table.from_batches([batch])})
            connection.register("chunk", told)
            connection.execute(_ADD_TOLD, {"name": table.name})
            connection.unregister("chunk")


_TOLD = """
create table told (
    name varchar, feed varchar, "partition" integer, "offset" bigint, "row" integer,
    facility varchar, patient_id varchar, concept varchar, signal ubigint,
    effective_at timestamptz, is_void boolean, written bigint
)
"""
_ADD_TOLD = """
insert into told
select $name, feed, "partition", "offset", "row", facility, patient_id, concept, hash(signal_id),
    effective_at, void, written
from chunk
"""
# Of what was written at one moment the later arrival is the last version; `again` tells doses of
# one order apart.
_FINAL = f"""
create table final as
with placed as (
    select
        t.* exclude (patient_id),
        coalesce(s.surviving_id, t.patient_id) as patient_id,
        r.number,
        if(t.name = {quoted_text(MEDICATION_EVENTS.name)}, t.effective_at, null) as again
    from told t
    asof join runs r on t.feed = r.feed and t."partition" = r."partition" and t."offset" >= r.first
    left join survivors s on s.facility is not distinct from t.facility
        and s.retired_id = t.patient_id
),
judged as (
    select *,
        bool_or(is_void) over (
            partition by facility, patient_id, concept, signal
            order by written, number, "offset", "row"
            rows between 1 following and unbounded following
        ) as is_withdrawn,
        row_number() over (
            partition by facility, patient_id, concept, signal, again
            order by written desc, number desc, "offset" desc, "row" desc
        ) as version
    from placed
)
select distinct
    name, feed, "partition", "offset", "row", facility, patient_id, effective_at as true_at
from judged
where version = 1 and not is_void and not coalesce(is_withdrawn, false)
"""  # noqa: S608 our own name
_KEPT = """
create table kept as
with born as (
    select d.feed, d."partition", d."offset", d."row", d.facility,
        coalesce(s.surviving_id, d.patient_id) as patient_id
    from lake.patient_demographics d
    asof join runs r on d.feed = r.feed and d."partition" = r."partition" and d."offset" >= r.first
    left join survivors s on s.facility is not distinct from d.facility
        and s.retired_id = d.patient_id
    where d.birth_date is not null
    qualify row_number() over (
        partition by d.facility, coalesce(s.surviving_id, d.patient_id)
        order by r.number desc, d."offset" desc, d."row" desc
    ) = 1
),
begins as (
    select facility, patient_id, min(true_at) as true_at from final group by all
),
moved as (
    select e.feed, e."partition", e."offset", e."row", e.facility,
        coalesce(s.surviving_id, e.patient_id) as patient_id,
        coalesce(e.event_at, e.documented_at, e.received_at) as true_at
    from lake.encounter_events e
    left join survivors s on s.facility is not distinct from e.facility
        and s.retired_id = e.patient_id
),
history as (
    select 'diagnoses' as name, feed, "partition", "offset", "row", facility, patient_id,
        coalesce(documented_at, received_at) as told_at
    from lake.diagnoses
    union all
    select 'procedures', feed, "partition", "offset", "row", facility, patient_id,
        coalesce(started_at, documented_at, received_at)
    from lake.procedures
    union all
    select 'flags', feed, "partition", "offset", "row", facility, patient_id,
        coalesce(documented_at, received_at)
    from lake.flags
),
remembered as (
    select h.* exclude (patient_id, told_at),
        coalesce(s.surviving_id, h.patient_id) as patient_id,
        h.told_at as true_at
    from history h
    left join survivors s on s.facility is not distinct from h.facility
        and s.retired_id = h.patient_id
),
every_fact as (
    from final
    union all by name
    select 'patient_demographics' as name, born.*, begins.true_at
    from born join begins on begins.facility is not distinct from born.facility
        and begins.patient_id = born.patient_id
    union all by name
    select 'encounter_events' as name, moved.* from moved
    union all by name
    from remembered
)
select *,
    dense_rank() over (partition by facility order by true_at, patient_id) - 1 as moment
from every_fact
"""


def _true(table: Table) -> str:
    """A table's final facts as if each had been received when it was true."""
    told: Mapping[str, str] = {
        "patient_id": "k.patient_id",
        "received_at": "k.true_at",
        "offset": f'(t."offset" << {MOMENT_BITS}) | (k.moment & {(1 << MOMENT_BITS) - 1})',
    }
    if "ended_at" in table.schema.names:
        # Of an infusion two moments are told: at its start nobody can know when it will end.
        told = {**told, "ended_at": "if(t.ended_at <= k.true_at, t.ended_at, null)"}
    columns = ", ".join(
        f"{told.get(name, f't.{quoted_name(name)}')} as {quoted_name(name)}"
        for name in columns_of(table)
    )
    at = " and ".join(
        f"t.{quoted_name(name)} = k.{quoted_name(name)}"
        for name in ("feed", "partition", "offset", "row")
    )
    return (
        f"create table {quoted_name('true_' + table.name)} as select {columns}, k.moment"  # noqa: S608 the contract's names, quoted
        f" from lake.{quoted_name(table.name)} t join kept k"
        f" on k.name = {quoted_text(table.name)} and {at} order by k.facility, k.moment"
    )
