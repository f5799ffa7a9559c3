{{ config(unique_key=['feed', 'partition', 'offset', 'row']) }}

with

scores as (
    select * from {{ ref('stg_scores') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

final as (
    select
        scores.feed,
        scores.partition,
        scores.offset,
        scores.row,
        scores.facility,
        coalesce(identities.surviving_id, scores.patient_id) as patient_id,
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
    left join identities
        on
            scores.facility is not distinct from identities.facility
            and scores.patient_id = identities.retired_id
)

select * from final
