"""The SQL of the nightly extracts of MIMIC-III: nights, and one query per file.

Here: SQL over the source tables (all text) and `subjects` (mimic3_source.py). Every query gives the
night first and the file's columns after it, in the order of the file. Not here: why the files are
as they are (mimic3_extracts.py).
"""

# `night_of`: the day on which the job runs that first sees what was stored then; 02:00:00 is seen.
# `clock`: a reading of the hospital's clock, without a zone. `two_decimals`: from the text, not
# from a float, so halves round up; what is no number stays as it is.
WORDS = """
create macro night_of(stored) as
    (stored - interval 2 hours - interval 1 microsecond)::date + 1;
create macro clock(instant) as strftime(instant, '%Y-%m-%d %H:%M:%S');
create macro two_decimals(source_text) as coalesce(
    if(is_number(source_text), try_cast(source_text as decimal(38, 2))::varchar, null), source_text
);
"""

# Stays on the moved calendar.
STAYS = """
create table stays as
select
    admissions.subject_id::bigint as patient_id,
    try_cast(hadm_id as bigint) as encounter_id,
    moment(admittime, coalesce(shift, 0)) as admitted,
    moment(dischtime, coalesce(shift, 0)) as discharged
from admissions left join subjects on subjects.subject_id = admissions.subject_id::bigint
where try_cast(admittime as timestamp) is not null
"""

# Who is in which unit from when to when: a bed is held until the next transfer or the discharge of
# which the transfers tell. A stay without any transfer has its own times and no unit.
BEDS = """
create table beds as
with moves as (
    select
        transfers.subject_id::bigint as patient_id,
        try_cast(hadm_id as bigint) as encounter_id,
        moment(intime, coalesce(shift, 0)) as since,
        eventtype = 'discharge' as is_discharge,
        unit_of(curr_careunit, curr_wardid) as unit,
        row_id::bigint as row_id
    from transfers left join subjects on subjects.subject_id = transfers.subject_id::bigint
    where try_cast(intime as timestamp) is not null
),
held as (
    select
        *,
        lead(since) over (
            partition by encounter_id order by since, is_discharge, row_id
        ) as next_move
    from moves
)
select
    held.patient_id, encounter_id, since, coalesce(next_move, discharged) as until, unit
from held left join stays using (encounter_id)
where not is_discharge
union all
select patient_id, encounter_id, admitted, discharged, ''
from stays anti join moves using (encounter_id)
"""

# A charge of a day is posted by that day's end; one without a day, when the stay's bill is made.
CHARGES = """
create table charges as
select
    night_of(
        coalesce(moment(chartdate, coalesce(subjects.shift, 0)) + to_days(1), discharged)
    ) as night,
    cptevents.subject_id::bigint as patient_id,
    try_cast(cptevents.hadm_id as bigint) as encounter_id,
    coalesce(costcenter, '') as cost_centre,
    cpt_cd as cpt_code,
    coalesce(moment(chartdate, coalesce(subjects.shift, 0))::date::varchar, '') as charge_date,
    count(*) as charges
from cptevents
left join subjects on subjects.subject_id = cptevents.subject_id::bigint
left join stays on stays.encounter_id = try_cast(cptevents.hadm_id as bigint)
where cpt_cd is not null and night is not null
group by all
"""

# With an alignment every night from the first to the last, without only those with a row or a stay.
NIGHTS = """
create table nights as
with stored as (
    select
        subject_id,
        coalesce(try_cast(storetime as timestamp), try_cast(charttime as timestamp)) as instant
    from chartevents
    union all
    select subject_id, try_cast(charttime as timestamp) from labevents
    union all
    select subject_id, try_cast(intime as timestamp) from transfers
    union all
    select subject_id, try_cast(startdate as timestamp) from prescriptions
),
seen as (
    select distinct night_of(instant + to_days(coalesce(shift, 0))) as night
    from stored left join subjects on subjects.subject_id = stored.subject_id::bigint
    union
    select night from charges
    union
    select unnest(
        generate_series(
            night_of(since)::timestamp,
            greatest(night_of(since), night_of(coalesce(until, since)))::timestamp,
            interval 1 day
        )
    )::date
    from beds
),
run as (
    select unnest(
        generate_series(min(night)::timestamp, max(night)::timestamp, interval 1 day)
    )::date as night
    from seen
)
select night from seen where night is not null and (select start is null from alignment)
union
select night from run where (select start is not null from alignment)
"""

ALL_NIGHTS = "select night from nights order by night"

CENSUS = """
select
    night,
    clock(night::timestamp) as census_at,
    patient_id,
    encounter_id,
    unit
from nights inner join beds
    on
        beds.since <= nights.night::timestamp
        and coalesce(beds.until, 'infinity'::timestamp) > nights.night::timestamp
order by night, patient_id, encounter_id, unit
"""

VITALS = """
with dated as (
    select
        chartevents.*,
        moment(charttime, coalesce(shift, 0)) as charted,
        coalesce(try_cast(storetime as timestamp), try_cast(charttime as timestamp))
            + to_days(coalesce(shift, 0)) as stored
    from chartevents left join subjects on subjects.subject_id = chartevents.subject_id::bigint
    where value is not null and coalesce(error, '0') <> '1'
),
latest as (
    select *, night_of(stored) as night
    from dated
    where charted is not null
    qualify row_number() over (
        partition by night, subject_id, itemid, charted order by stored desc, row_id::bigint desc
    ) = 1
)
select
    night,
    subject_id::bigint as patient_id,
    try_cast(hadm_id as bigint) as encounter_id,
    itemid as item_id,
    coalesce(label, '') as item,
    clock(charted) as charted_at,
    clock(stored) as stored_at,
    two_decimals(value) as value
from latest left join d_items using (itemid)
order by night, patient_id, charted_at, try_cast(itemid as bigint), itemid
"""

LABS = """
with dated as (
    select labevents.*, moment(charttime, coalesce(shift, 0)) as charted
    from labevents left join subjects on subjects.subject_id = labevents.subject_id::bigint
    where value is not null
),
latest as (
    select *, night_of(charted) as night
    from dated
    where charted is not null
    qualify row_number() over (
        partition by night, subject_id, itemid, charted order by row_id::bigint desc
    ) = 1
)
select
    night,
    subject_id::bigint as patient_id,
    try_cast(hadm_id as bigint) as encounter_id,
    itemid as item_id,
    coalesce(label, '') as item,
    clock(charted) as charted_at,
    value,
    coalesce(valueuom, '') as unit,
    coalesce(flag, '') as flag
from latest left join d_labitems using (itemid)
order by night, patient_id, charted_at, try_cast(itemid as bigint), itemid
"""

ACTIVE_MEDICATIONS = """
with dated as (
    select
        prescriptions.*,
        moment(startdate, coalesce(subjects.shift, 0))::date as starts_on,
        coalesce(
            moment(enddate, coalesce(subjects.shift, 0))::date, discharged::date, starts_on
        ) as last_day
    from prescriptions
    left join subjects on subjects.subject_id = prescriptions.subject_id::bigint
    left join stays on stays.encounter_id = try_cast(prescriptions.hadm_id as bigint)
    where drug is not null
)
select
    night,
    subject_id::bigint as patient_id,
    try_cast(hadm_id as bigint) as encounter_id,
    row_id::bigint as prescription_id,
    drug,
    coalesce(formulary_drug_cd, '') as drug_code,
    coalesce(ndc, '') as ndc,
    coalesce(dose_val_rx, '') as dose,
    coalesce(dose_unit_rx, '') as dose_unit,
    coalesce(route, '') as route,
    starts_on::varchar as start_date,
    if(enddate is null, '', last_day::varchar) as end_date
from nights inner join dated on dated.starts_on <= nights.night and dated.last_day >= nights.night
order by night, patient_id, prescription_id
"""

BILLING = """
select night, patient_id, encounter_id, cost_centre, cpt_code, charge_date, charges
from charges
order by night, patient_id, encounter_id nulls first, cpt_code, cost_centre, charge_date
"""
