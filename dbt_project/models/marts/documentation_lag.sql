-- How long after the fact observations are written down, and reach us. Only the first version of
-- an observation counts: a correction says nothing about charting habits.
{{ config(unique_key=['feed', 'unit', 'hour_at']) }}

with

versions as (
    select * from {{ ref('int_observation_versions') }}
),

encounters as (
    select * from {{ ref('fct_encounters') }}
    where encounter_id is not null
),

located as (
    select
        versions.*,
        encounters.unit
    from versions
    asof left join encounters
        on
            versions.facility = encounters.facility
            and versions.encounter_id = encounters.encounter_id
            and versions.effective_at >= encounters.started_at
    where versions.version_number = 1 and versions.effective_at is not null
),

minutes as (
    select
        feed,
        coalesce(unit, 'unknown') as unit,
        date_trunc('hour', effective_at) as hour_at,
        date_diff('second', effective_at, documented_at) / 60 as to_document,
        date_diff('second', effective_at, known_at) / 60 as to_know
    from located
),

final as (
    select
        feed,
        unit,
        hour_at,
        count(*) as observations,
        quantile_cont(to_document, 0.5) as median_minutes_to_document,
        quantile_cont(to_document, 0.9) as p90_minutes_to_document,
        quantile_cont(to_know, 0.5) as median_minutes_to_know,
        quantile_cont(to_know, 0.9) as p90_minutes_to_know
    from minutes
    group by all
)

select * from final
