{{ config(unique_key=['facility', 'encounter_id', 'started_at']) }}

with

stays as (
    select * from {{ ref('int_encounters_located') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

final as (
    select
        stays.facility,
        coalesce(identities.surviving_id, stays.patient_id) as patient_id,
        stays.encounter_id,
        stays.feed,
        stays.partition,
        stays.offset,
        stays.row,
        stays.patient_class,
        stays.unit,
        stays.room,
        stays.bed,
        stays.ended_by,

        stays.stay_number,

        stays.started_at,
        stays.ended_at,
        stays.received_at as known_at
    from stays
    left join identities
        on
            stays.facility is not distinct from identities.facility
            and stays.patient_id = identities.retired_id
)

select * from final
