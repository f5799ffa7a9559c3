-- Observations as they were received. Nothing is resolved here: a correction or retraction is a
-- later row of the same observation_id.

with

observations as (
    select * from {{ source('lake', 'observations') }}
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
        observation_id,
        order_id,
        code,
        code_system,
        code_text,
        sub_id,
        concept,
        loinc_code,
        value_type,
        value_text,
        comparator,
        unit_as_sent,
        value_code,
        ucum_unit,
        status,
        abnormal_flag,
        is_scored,
        not_scored_reason,

        value_number,
        value,

        received_at,
        effective_at,
        documented_at
    from observations
)

select * from final
