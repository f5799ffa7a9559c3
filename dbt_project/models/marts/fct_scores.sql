{{ config(unique_key=['feed', 'partition', 'offset', 'row']) }}

with

scores as (
    select * from {{ ref('stg_scores') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

moved as (
    select * from {{ ref('int_visits_moved') }}
),

final as (
    select
        scores.feed,
        scores.partition,
        scores.offset,
        scores.row,
        scores.facility,
        {{ owner_of('scores') }} as patient_id,
        scores.encounter_id,
        scores.score,
        scores.variant,
        scores.state,
        scores.state_reason,
        scores.rules_version,
        array_to_string(scores.missing, ', ') as missing,
        scores.has_single_3,
        scores.components,

        scores.observed,
        scores.lowest,
        scores.highest,
        scores.oldest_input_minutes,

        scores.effective_at,
        scores.received_at as known_at
    from scores
    {{ join_owners('scores') }}
)

select * from final
