{{ config(unique_key=['facility', 'patient_id', 'observation_id']) }}

with

observations as (
    select * from {{ ref('int_observations_current') }}
),

final as (
    select
        facility,
        patient_id,
        observation_id,
        patient_id_as_sent,
        encounter_id,
        order_id,
        feed,
        partition,
        "offset",
        row,
        code,
        code_system,
        code_text,
        concept,
        loinc_code,
        value_text,
        value_code,
        comparator,
        ucum_unit,
        status,
        is_scored,
        not_scored_reason,

        value,
        version_number,

        effective_at,
        documented_at,
        first_known_at,
        known_at
    from observations
)

select * from final
