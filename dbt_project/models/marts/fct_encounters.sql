{{ config(unique_key=['facility', 'encounter_id', 'started_at']) }}

with

stays as (
    select * from {{ ref('int_encounters_located') }}
),

final as (
    select
        facility,
        patient_id,
        encounter_id,
        feed,
        partition,
        "offset",
        row,
        patient_class,
        unit,
        room,
        bed,
        ended_by,

        stay_number,

        started_at,
        ended_at,
        received_at as known_at
    from stays
)

select * from final
