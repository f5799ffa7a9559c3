-- States of medication orders, and administrations, as they were received.

with

medication_events as (
    select * from {{ source('lake', 'medication_events') }}
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
        order_id,
        event,
        order_control,
        code,
        code_system,
        code_text,
        concept,
        ingredient,
        route,
        dose_unit,
        rate_unit,

        dose,
        rate,

        received_at,
        started_at,
        ended_at,
        documented_at
    from medication_events
)

select * from final
