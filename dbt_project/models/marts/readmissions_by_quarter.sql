-- Readmissions within 30 days of discharge, by facility and quarter of discharge.
--
-- Index: an in-patient visit that ended in a discharge alive. Readmission: the same patient, merges
-- resolved, is admitted as an in-patient at the same facility later than the discharge and no later
-- than 30 x 24 h after it. A discharge counts once, however many admissions follow it; an admission
-- that begins at the very moment of the discharge is a transfer. A planned admission is one that
-- was pre-admitted: counted apart, and no readmission.
--
-- Not to be trusted for: planned admissions that nobody pre-admitted (the facts hold no admission
-- type), readmissions elsewhere, and comparison with published rates, which are risk-adjusted and
-- leave out whoever was discharged to another hospital or against advice.
{{ config(unique_key=['facility', 'quarter']) }}

with

visits as (
    select * from {{ ref('int_visits') }}
    where is_inpatient
),

events as (
    select * from {{ ref('stg_encounter_events') }}
),

newest as (
    select max(received_at) as known_through_at
    from events
),

discharges as (
    select
        facility,
        patient_id,
        encounter_id,
        discharged_at,
        is_died,
        cast(date_trunc('quarter', discharged_at at time zone {{ hospital_zone() }}) as date)
            as quarter_starts_on
    from visits
    where discharged_at is not null
),

followed as (
    select
        discharges.facility,
        discharges.encounter_id,
        discharges.quarter_starts_on,
        discharges.is_died,
        coalesce(bool_or(not visits.is_planned), false) as is_readmitted,
        coalesce(bool_or(visits.is_planned), false) as is_planned_back
    from discharges
    left join visits
        on
            discharges.facility is not distinct from visits.facility
            and discharges.patient_id = visits.patient_id
            and discharges.discharged_at < visits.admitted_at
            and discharges.discharged_at + interval 30 day >= visits.admitted_at
            and not discharges.is_died
    group by all
),

counted as (
    select
        facility,
        quarter_starts_on,
        count(*) filter (where not is_died) as index_discharges,
        count(*) filter (where is_died) as deaths,
        count(*) filter (where is_readmitted) as readmissions,
        count(*) filter (where is_planned_back and not is_readmitted) as planned_readmissions
    from followed
    group by all
),

final as (
    select
        coalesce(counted.facility, '') as facility,
        strftime(counted.quarter_starts_on, '%Y')
        || 'Q' || quarter(counted.quarter_starts_on) as quarter, -- noqa: RF04
        (counted.quarter_starts_on + interval 3 month + interval 30 day)
        at time zone {{ hospital_zone() }} <= newest.known_through_at as is_complete,

        counted.index_discharges,
        counted.deaths,
        counted.readmissions,
        counted.planned_readmissions,
        counted.readmissions / nullif(counted.index_discharges, 0) as rate,

        counted.quarter_starts_on,
        newest.known_through_at
    from counted
    cross join newest
)

select * from final
