-- Observations that may enter a score, as they were received.
-- A correction or retraction is a later row of the same observation_id: nothing is resolved here.

with

observations as (
    select * from {{ source('lake', 'observations') }}
),

final as (
    select
        observation_id,
        feed,
        partition,
        "offset",
        row,
        facility,
        patient_id,
        encounter_id,
        concept,
        loinc_code,
        value_code,
        ucum_unit,
        status,

        value,

        effective_at,
        documented_at,
        received_at
    from observations
    where is_scored
)

select * from final
