"""Our own SOFA in mimic-code's variant at the end of every hour, beside mimic-code's.

Here: the components of 24 h that the engine gives from the lake's signals at the hours of
`pivoted_sofa`, and, for what differs, from our facts with named choices of mimic-code taken over
(mimic3_choices.py): a difference is explained when the engine then gives the reference's points.
Not here: the inputs themselves (mimic3_inputs.py).
"""

import duckdb
import pyarrow as pa

from clinical.scores import SOFA_MIMIC_CODE
from clinical.scoring.hourly import hourly
from tests.conformance.mimic3_choices import CHOICES, Choice
from tests.conformance.mimic3_inputs import AS_OURS
from tests.conformance.mimic3_laws import LAWS
from tests.conformance.mimic3_search import Search, search

# Our parameter, and the inputs of pivoted_sofa that it rests on.
COMPONENTS = {
    "respiration": ("pao2fio2ratio_novent", "pao2fio2ratio_vent"),
    "coagulation": ("platelet_min",),
    "liver": ("bilirubin_max",),
    "cardiovascular": ("meanbp_min", "rate_norepinephrine", "rate_dopamine"),
    "cns": ("GCS_min",),
    "renal": ("creatinine_max", "urineoutput"),
}
UTC = pa.timestamp("us", tz="UTC")


def add_components(connection: duckdb.DuckDBPyConnection, learnt: pa.Table) -> None:
    """Add `components`: component, icustay_id, hr, ours, theirs, same, state, cause."""
    sql = "select patient_id, endtime from hours order by icustay_id, hr"
    points = connection.execute(sql).to_arrow_table()
    connection.register("scored", _scored(learnt, points))
    connection.execute(_OURS)
    connection.execute(_THEIRS)
    connection.execute(_COMPONENTS, {"names": list(COMPONENTS)})
    connection.unregister("scored")


def explain_components(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill in `cause` in `components`."""
    connection.execute(_YOUNG)
    connection.execute(_TWICE)
    connection.execute(_CHARTED)
    connection.execute("create or replace table every_fact as from fact")
    for name in COMPONENTS:
        search(connection, _choices(name), _of_component(connection, name))
    connection.execute("create or replace table fact as from every_fact")
    connection.execute(_TOTAL)


def _choices(name: str) -> list[Choice]:
    inputs = set(COMPONENTS[name])
    mine = [choice for choice in CHOICES if inputs.intersection(choice.inputs)]
    return [*mine, *(choice for choice in LAWS if name in choice.inputs)]


def _of_component(connection: duckdb.DuckDBPyConnection, name: str) -> Search:
    def left() -> int:
        (count,) = connection.execute(_LEFT, {"name": name}).fetchone() or (0,)
        return int(count)

    def restrict() -> None:
        connection.execute(AS_OURS)
        connection.execute(_FACTS_OF, {"name": name})

    def judge(cause: str) -> None:
        facts = connection.execute(_SIGNALS).to_arrow_table()
        points = connection.execute(_POINTS, {"name": name}).to_arrow_table()
        connection.register("scored", _scored(facts, points))
        connection.execute(_OURS)
        connection.unregister("scored")
        connection.execute(_MARK, {"name": name, "cause": cause})

    return Search(left, restrict, judge)


def _scored(learnt: pa.Table, points: pa.Table) -> pa.Table:
    at = points["endtime"].cast(pa.timestamp("us")).cast(UTC)
    grid = pa.table({"patient_id": points["patient_id"], "at": at})
    return hourly(learnt, grid, scores=[SOFA_MIMIC_CODE], knowledge="all")


_OURS = """
create or replace table ours as
with parts as (
    select patient_id, "at"::timestamp as endtime, state, unnest(components) as part from scored
)
select patient_id, endtime, part.parameter::varchar as name, part.points as points from parts
union all
select patient_id, "at"::timestamp, 'state:' || state::varchar, null from scored
where state = 'not_applicable'
"""
_THEIRS = """
create table theirs as
unpivot (
    select icustay_id, hr, max(respiration_24hours) as respiration,
        max(coagulation_24hours) as coagulation, max(liver_24hours) as liver,
        max(cardiovascular_24hours) as cardiovascular, max(cns_24hours) as cns,
        max(renal_24hours) as renal
    from reference.pivoted_sofa group by all
)
on respiration, coagulation, liver, cardiovascular, cns, renal into name name value theirs
"""
# Missing is 0 points in the reference, so for this comparison with ours too.
_COMPONENTS = """
create table components as
select theirs.name, icustay_id, hr, coalesce(points, 0) as ours, theirs.theirs,
    coalesce(points, 0) = theirs.theirs as same, null::varchar as cause
from theirs join hours using (icustay_id, hr)
left join ours using (patient_id, endtime, name)
where list_contains($names, theirs.name)
"""
_YOUNG = """
update components set cause = 'not_scored_below_18'
from hours join ours using (patient_id, endtime)
where ours.name = 'state:not_applicable' and not same and hours.icustay_id = components.icustay_id
    and hours.hr = components.hr
"""
# The reference's windows count rows. Where it has an hour twice they reach an hour less far: taken
# over hours, its own numbers give our points.
_TWICE = """
update components set cause = 'hour_twice_in_the_reference'
from (
    with once as (
        select icustay_id, hr, max(respiration) as respiration, max(coagulation) as coagulation,
            max(liver) as liver, max(cardiovascular) as cardiovascular, max(cns) as cns,
            max(creatinine_max) as creatinine, max(urineoutput) as urine
        from reference.pivoted_sofa group by all
    ),
    summed as (
        select *, sum(urine) over (
            partition by icustay_id order by hr range between 23 preceding and current row
        ) as day_of_urine
        from once
    ),
    hourly as (
        unpivot (
            select icustay_id, hr, respiration, coagulation, liver, cardiovascular, cns,
                (case
                    when creatinine >= 5 or day_of_urine < 200 then 4
                    when creatinine >= 3.5 or day_of_urine < 500 then 3
                    when creatinine >= 2 then 2
                    when creatinine >= 1.2 then 1
                    else 0
                end)::smallint as renal
            from summed
        )
        on respiration, coagulation, liver, cardiovascular, cns, renal into name name value points
    )
    select c.icustay_id, c.hr, c.name, max(points) as points
    from components c join hourly h on h.icustay_id = c.icustay_id and h.name = c.name
        and h.hr between c.hr - 24 and c.hr
    where not c.same and exists (
        select 1 from reference.pivoted_sofa p where p.icustay_id = c.icustay_id
            and p.hr between c.hr - 48 and c.hr group by hr having count(*) > 1
    )
    group by all
) w
where w.icustay_id = components.icustay_id and w.hr = components.hr and w.name = components.name
    and not same and cause is null and w.points = ours
"""
# A total differs by what its components differ by.
_TOTAL = """
insert into components
select 'sofa', icustay_id, hr, sum(ours), sum(theirs), sum(ours) = sum(theirs),
    if(bool_or(not same and cause is null), null,
        string_agg(distinct cause, '+' order by cause) filter (not same))
from components group by icustay_id, hr
"""
_LEFT = "select count(*) from components where name = $name and not same and cause is null"
_FACTS_OF = """
create or replace table fact as
from every_fact
where patient_id in (
    select patient_id from components join hours using (icustay_id, hr)
    where name = $name and not same and cause is null
)
"""
# From here on a stay is a patient: what belongs to it may differ from stay to stay.
_POINTS = """
select icustay_id::varchar as patient_id, endtime
from components join hours using (icustay_id, hr)
where name = $name and not same and cause is null
order by icustay_id, hr
"""
_CHARTED = """
create or replace table charted as
select subject_id as patient_id, charttime::timestamp as moment, icustay_id
from source.chartevents
union select subject_id, charttime::timestamp, icustay_id from source.outputevents
union select subject_id, charttime::timestamp, icustay_id from source.inputevents_cv
union select subject_id, starttime::timestamp, icustay_id from source.inputevents_mv
union select subject_id, endtime::timestamp, icustay_id from source.inputevents_mv
"""
_SIGNALS = """
with stays as (
    select distinct icustay_id, patient_id, min(starttime) over (partition by icustay_id) as begins
    from hours
)
select 'F' as facility, stays.icustay_id::varchar as patient_id, null::varchar as encounter_id,
    concept, fact.moment::timestamptz as effective_at, fact.value, false as void,
    'fact ' || row_number() over () as signal_id, 'mimic3' as feed, 0::integer as "partition",
    row_number() over () as "offset", 0::integer as "row", fact.moment::timestamptz as received_at
from own_rows cross join fact join stays using (patient_id)
where not only_own or concept in (
        'birth_date', 'platelets', 'creatinine', 'bilirubin_total', 'ventilator_setting',
        'extubation'
    )
    or (concept in ('pao2', 'fio2') and fact.moment >= begins - interval 12 hours)
    or (fact.patient_id, fact.moment, stays.icustay_id::varchar) in (from charted)
order by "offset"
"""
_MARK = """
update components set cause = $cause
from (
    select i.icustay_id, i.hr, coalesce(points, 0) as points
    from components i join hours using (icustay_id, hr)
    left join ours on ours.patient_id = i.icustay_id::varchar and ours.endtime = hours.endtime
        and ours.name = i.name
    where i.name = $name and not i.same and i.cause is null
) w
where components.name = $name and w.icustay_id = components.icustay_id and w.hr = components.hr
    and w.points = components.theirs
"""
