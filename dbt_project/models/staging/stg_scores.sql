-- Scores as the stream wrote them. The points of each parameter stay in lake.scores.

with

scores as (
    select * from {{ source('lake', 'scores') }}
),

final as (
    select
        feed,
        partition,
        "offset",
        row,
        facility,
        patient_id,
        encounter_id,
        score,
        variant,
        state,
        state_reason,
        missing,
        has_single_3,
        rules_version,

        observed,
        lowest,
        highest,
        oldest_input_minutes,

        received_at,
        effective_at
    from scores
)

select * from final
