"""Our KDIGO stages in mimic-code's variant, beside mimic-code's, at every row of `kdigo_stages`.

Here: the stage by creatinine and by urine at each charted time, and the choices that explain what
differs, tried as for SOFA (mimic3_search.py). Not here: the law (clinical/scores/kdigo.py).
"""

import duckdb
import pyarrow as pa

from clinical.scores import KDIGO_MIMIC_CODE
from clinical.scoring.hourly import hourly
from tests.conformance.mimic3_inputs import AS_OURS
from tests.conformance.mimic3_laws import STAGING
from tests.conformance.mimic3_search import Search, search

# The column of kdigo_stages, and our parameters of which the worst says the same.
STAGES = {
    "aki_stage_creat": ("creatinine", "creatinine_lowest_7_days", "creatinine_lowest_48_hours"),
    "aki_stage_uo": ("urine_output",),
}
_CONCEPTS = ("creatinine", "urine_output", "irrigant_in", "weight", "birth_date", "icu_admission")
UTC = pa.timestamp("us", tz="UTC")


def add_stages(connection: duckdb.DuckDBPyConnection, learnt: pa.Table) -> None:
    """Add `stages`: name, icustay_id, moment, ours, theirs, same, cause."""
    connection.execute(AS_OURS)
    connection.execute(_STAYS)
    connection.execute(_THEIRS)
    points = connection.execute("select distinct patient_id, moment from stages").to_arrow_table()
    _score(connection, learnt, points)
    connection.execute(_OURS.format(patient="stages.patient_id"))
    connection.execute("create or replace table every_fact as from fact")
    connection.execute(_YOUNG)
    for name in STAGES:
        mine = [choice for choice in STAGING if name in choice.inputs]
        search(connection, mine, _of_stage(connection, name))
    connection.execute("create or replace table fact as from every_fact")


def _of_stage(connection: duckdb.DuckDBPyConnection, name: str) -> Search:
    values = {"name": name}

    def left() -> int:
        (count,) = connection.execute(_LEFT, values).fetchone() or (0,)
        return int(count)

    def restrict() -> None:
        connection.execute(_FACTS_OF, {**values, "concepts": list(_CONCEPTS)})

    def judge(cause: str) -> None:
        facts = connection.execute(_SIGNALS).to_arrow_table()
        points = connection.execute(_POINTS, values).to_arrow_table()
        _score(connection, facts, points)
        connection.execute(_MARK, {**values, "cause": cause})

    return Search(left, restrict, judge)


def _score(connection: duckdb.DuckDBPyConnection, learnt: pa.Table, points: pa.Table) -> None:
    """Make the table `staged`: patient_id, moment, name, stage."""
    at = points["moment"].cast(pa.timestamp("us")).cast(UTC)
    grid = pa.table({"patient_id": points["patient_id"], "at": at})
    connection.register("rows", hourly(learnt, grid, scores=[KDIGO_MIMIC_CODE], knowledge="all"))
    cases = " ".join(
        f"when part.parameter::varchar = '{parameter}' then '{name}'"
        for name, parameters in STAGES.items()
        for parameter in parameters
    )
    connection.execute(_STAGED.format(cases=cases))
    connection.execute(_AGES)
    connection.unregister("rows")


_STAYS = """
create or replace table stays as
select icustay_id::bigint as icustay_id, subject_id as patient_id, intime::timestamp as intime
from source.icustays
"""
_THEIRS = """
create table stages as
with rows as (
    select icustay_id, charttime as moment, max(aki_stage_creat) as aki_stage_creat,
        max(aki_stage_uo) as aki_stage_uo
    from reference.kdigo_stages group by all
)
select told.*, stays.patient_id, null::integer as ours, null::boolean as same,
    null::varchar as cause
from (unpivot rows on aki_stage_creat, aki_stage_uo into name name value theirs) told
join stays using (icustay_id)
"""
_STAGED = """
create or replace table staged as
with parts as (
    select patient_id, "at"::timestamp as moment, unnest(components) as part from rows
)
select patient_id, moment, case {cases} end as name, max(part.points) as stage
from parts group by all
"""
_AGES = """
create or replace table young as
select patient_id, "at"::timestamp as moment from rows where state = 'not_applicable'
"""
# Missing is stage 0 in the reference.
_OURS = """
update stages set ours = coalesce(w.stage, 0), same = coalesce(w.stage, 0) = theirs
from (
    select stages.icustay_id, stages.moment, stages.name, stage
    from stages left join staged on staged.patient_id = {patient}
        and staged.moment = stages.moment and staged.name = stages.name
) w
where w.icustay_id = stages.icustay_id and w.moment = stages.moment and w.name = stages.name
"""
_YOUNG = """
update stages set cause = 'not_scored_below_18'
from young
where young.patient_id = stages.patient_id and young.moment = stages.moment and not same
"""
_LEFT = "select count(*) from stages where name = $name and not same and cause is null"
# A stay is a patient here.
_FACTS_OF = """
create or replace table fact as
select s.icustay_id::varchar as patient_id, concept, moment, value, signal_id
from every_fact f join stays s using (patient_id)
where list_contains($concepts, concept) and s.icustay_id in (
    select icustay_id from stages where name = $name and not same and cause is null
)
"""
_POINTS = """
select distinct icustay_id::varchar as patient_id, moment from stages
where name = $name and not same and cause is null
order by 1, 2
"""
_SIGNALS = """
select 'F' as facility, patient_id, null::varchar as encounter_id, concept,
    moment::timestamptz as effective_at, value, false as void,
    'fact ' || row_number() over () as signal_id, 'mimic3' as feed, 0::integer as "partition",
    row_number() over () as "offset", 0::integer as "row", moment::timestamptz as received_at
from fact order by "offset"
"""
_MARK = """
update stages set cause = $cause
from (
    select o.icustay_id, o.moment, coalesce(stage, 0) as stage
    from stages o left join staged on staged.patient_id = o.icustay_id::varchar
        and staged.moment = o.moment and staged.name = o.name
    where o.name = $name and not o.same and o.cause is null
) w
where stages.name = $name and w.icustay_id = stages.icustay_id and w.moment = stages.moment
    and w.stage = stages.theirs
"""
