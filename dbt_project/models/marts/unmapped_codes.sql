-- Codes that no rule of their feed's profile maps to a concept: work for the mapping, most used
-- first to be looked at.
{{ config(unique_key=['feed', 'code_system', 'code']) }}

with

observations as (
    select * from {{ ref('stg_observations') }}
),

final as (
    select
        feed,
        code_system,
        code,
        max(code_text) as code_text,
        count(*) as observations,
        count(distinct concat_ws('|', facility, patient_id)) as patients,
        min(received_at) as first_known_at,
        max(received_at) as last_known_at
    from observations
    where concept is null and not_scored_reason is distinct from 'unscored_code'
    group by all
)

select * from final
