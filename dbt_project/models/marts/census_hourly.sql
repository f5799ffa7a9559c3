-- Patients in a unit at the full hour, by what is known now of where they were. A stay that has
-- not ended is counted up to the newest message that tells of any visit.
{{ config(
    unique_key=['facility', 'unit', 'hour_at'],
    partition_by='census_date',
    partitions=var('census_dates', none),
) }}

with

encounters as (
    select * from {{ ref('fct_encounters') }}
),

events as (
    select * from {{ ref('stg_encounter_events') }}
),

newest as (
    select max(received_at) as known_at
    from events
),

hours as (
    select
        encounters.facility,
        encounters.unit,
        encounters.patient_id,
        encounters.encounter_id,
        unnest(generate_series(
            date_trunc('hour', encounters.started_at + interval 1 hour - interval 1 microsecond),
            coalesce(encounters.ended_at - interval 1 microsecond, newest.known_at),
            interval 1 hour
        )) as hour_at
    from encounters
    cross join newest
    where encounters.unit is not null
),

final as (
    select
        facility,
        unit,
        hour_at,
        cast(hour_at at time zone 'UTC' as date) as census_date,
        count(distinct patient_id) as patients,
        count(distinct encounter_id) as encounters
    from hours
    group by all
)

select * from final
