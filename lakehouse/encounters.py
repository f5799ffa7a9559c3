"""Where visits were, from when to when, as SQL.

Here: the table macros `location_stays_as_known(known_at)` and `visits_as_known(known_at)` over the
events that were received up to a moment (all where it is null). Not here: which events count
(visit_lines.py), or the law in words (`clinical.encounters.timeline`), to which a test holds these
equal.
"""

from lakehouse.laws import Law
from lakehouse.visit_lines import EVENTS, LINE, STANDING, written

STAYS = """
ends as (select visit, segment, happened as over_at from line where is_discharge),
whole as (
    select
        *,
        last_value(if({partial}, null, place) ignore nulls) over (
            partition by visit, segment order by n
            rows between unbounded preceding and 1 preceding
        ) as whole_before
    from line
    where not is_discharge
),
filled as (
    select
        * exclude (place),
        last_value(case
            when {partial} and split_part(place, chr(31), 1) = split_part(whole_before, chr(31), 1)
                then whole_before
            else place
        end ignore nulls) over line as place,
        coalesce(
            last_value(case
                when event = '{leave}' then '{away}'
                when event != '{update}' then if(has_moves, '{occupied}', '{inferred}')
            end ignore nulls) over line,
            if(has_moves, '{occupied}', '{inferred}')
        ) as status
    from whole
    window line as (partition by visit, segment order by n rows unbounded preceding)
),
moments as materialized (
    select filled.*, ends.over_at
    from filled
    left join ends using (visit, segment)
    where ends.over_at is null or filled.happened < ends.over_at
    qualify row_number() over (partition by visit, segment, filled.happened order by n desc) = 1
),
begins as (
    select
        *,
        coalesce((place, status) is distinct from lag((place, status)) over line, true)
        or row_number() over line = 1 as is_begin
    from moments
    window line as (partition by visit, segment order by n)
),
numbered as (
    select
        *,
        sum(is_begin::integer) over (partition by visit, segment order by n) as island,
        last_value(known_class) over (
            partition by visit, segment order by n
            rows between unbounded preceding and unbounded following
        ) as last_class
    from begins
),
laid as materialized (
    select
        moment, facility, patient_id, encounter_id, visit, segment,
        min(happened) as begins_at,
        arg_min(event, n) as begun_by,
        any_value(place) as place,
        arg_max(coalesce(known_class, ''), n) as patient_class,
        any_value(status) as status,
        any_value(over_at) as over_at,
        arg_min(source, n) as source
    from numbered
    group by moment, facility, patient_id, encounter_id, visit, segment, island
),
ended as (
    select
        * exclude (over_at),
        coalesce(lead(begins_at) over line, over_at) as ends_at,
        coalesce(lead(begun_by) over line, if(over_at is null, null, '{discharge}')) as ended_by
    from laid
    window line as (partition by visit, segment order by begins_at)
),
inferred as (
    select
        moment, facility, patient_id, encounter_id, visit, -1 as segment,
        admitted_at as begins_at,
        null as begun_by,
        if(is_discharge, place, prior) as place,
        coalesce(patient_class, '') as patient_class,
        '{inferred}' as status,
        source,
        happened as ends_at,
        event as ended_by
    from line
    where number = 1 and admitted_at < happened
        and event not in ({openings}, '{update}', '{leave}')
        and if(is_discharge, place, prior) is not null
),
stays_found as (from inferred union all by name from ended),
stays as materialized (
    select
        moment,
        facility,
        patient_id,
        encounter_id,
        row_number() over (partition by visit order by begins_at, segment) as stay_number,
        nullif(split_part(place, chr(31), 1), '') as unit,
        nullif(split_part(place, chr(31), 2), '') as room,
        nullif(split_part(place, chr(31), 3), '') as bed,
        nullif(patient_class, '') as patient_class,
        status,
        begins_at as started_at,
        ends_at as ended_at,
        ended_by,
        source.feed as feed,
        source."partition" as "partition",
        source."offset" as "offset",
        source."row" as "row",
        source.received_at as received_at,
        source.sent_patient_id as sent_patient_id
    from stays_found
)
"""

VISITS = """
heard as (
    select
        facility, patient_id, encounter_id, visit,
        bool_or(rank is not null) as was_heard
    from visit_events group by all
),
planned as (select distinct visit from standing where is_planned),
last_heard as (
    select
        visit,
        max_by(patient_class, n) as patient_class,
        min(happened) filter (event in ({openings})) as opened_at,
        max_by(admitted_at, n) as told_at,
        max_by(is_discharge, n) as is_over,
        max_by(coalesce(discharged_at, happened), n) filter (is_discharge) as over_at
    from line
    group by visit
),
lain as (
    select
        facility, patient_id, encounter_id,
        max_by(status, stay_number) as status,
        min(started_at) as began_at
    from stays group by all
)
select
    heard.facility,
    heard.patient_id,
    heard.encounter_id,
    last_heard.patient_class,
    coalesce(last_heard.opened_at, last_heard.told_at, lain.began_at) as admitted_at,
    if(last_heard.is_over, last_heard.over_at, null) as discharged_at,
    case
        when last_heard.is_over then 'discharged'
        when lain.status = '{away}' then '{away}'
        when lain.status is not null then 'current'
        when planned.visit is not null then 'planned'
        when heard.was_heard then 'cancelled'
        else 'unknown'
    end as status,
    null::varchar as merged_into
from heard
left join last_heard using (visit)
left join planned using (visit)
left join lain
    on lain.facility is not distinct from heard.facility
    and lain.patient_id is not distinct from heard.patient_id
    and lain.encounter_id is not distinct from heard.encounter_id
where heard.encounter_id is not null or heard.was_heard
union all
select facility, null, retired_visit, null, null, null, 'merged', surviving_visit
from {schema}.visit_survivors(known_at)
"""

# The common table expressions up to `stays`, with the moment of each.
STAYS_AT = written(",\n".join(text.strip() for text in (EVENTS, STANDING, LINE, STAYS)))
_LINE = STAYS_AT.replace("{asked}", "select null as moment, known_at as heard_by")
STAYS_AS_KNOWN = (
    """
create macro {schema}.location_stays_as_known(known_at) as table
with """
    + _LINE
    + """
select * exclude (moment) from stays
"""
)
VISITS_AS_KNOWN = f"""
create macro {{schema}}.visits_as_known(known_at) as table
with {_LINE},
{VISITS.strip()}
"""

LAW = Law(
    needs=("encounter_events", "identity_events"),
    macros=(written(STAYS_AS_KNOWN), written(VISITS_AS_KNOWN)),
    views={
        "location_stays": "location_stays_as_known(null)",
        "visits": "visits_as_known(null)",
    },
)
