-- Merges of patient identifiers as they were received.

with

identity_events as (
    select * from {{ source('lake', 'identity_events') }}
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
        surviving_id,
        retired_id,

        received_at,
        documented_at
    from identity_events
)

select * from final
