-- Admissions, transfers, discharges and cancellations as they were received.

with

encounter_events as (
    select * from {{ source('lake', 'encounter_events') }}
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
        event,
        trigger,
        patient_class,
        unit,
        room,
        bed,
        prior_unit,
        discharge_disposition,

        received_at,
        event_at,
        documented_at,
        admitted_at,
        discharged_at
    from encounter_events
)

select * from final
