-- Visits from first to last stay. A visit has ended where its last stay ended with a discharge; the
-- discharge's own time (PV1-45) goes before the time at which the bed was left.
-- In-patient: some event says class I, or none says any class. Died: the discharge says so; where
-- it says nothing, a death between admission and discharge. Planned: the visit was pre-admitted
-- (A05, A14); what else tells a planned admission is not in the facts.

with

stays as (
    select * from {{ ref('int_encounters_located') }}
),

events as (
    select * from {{ ref('stg_encounter_events') }}
),

demographics as (
    select * from {{ ref('stg_patient_demographics') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

spans as (
    select
        facility,
        encounter_id,
        arg_max(patient_id, stay_number) as patient_id,
        min(started_at) as admitted_at,
        case when arg_max(ended_by, stay_number) = 'discharge' then max(ended_at) end as ended_at
    from stays
    group by all
),

told as (
    select
        facility,
        encounter_id,
        coalesce(bool_or(patient_class = 'I'), true) as is_inpatient,
        coalesce(bool_or(trigger in ('A05', 'A14')), false) as is_planned,
        arg_max(
            case when event = 'discharge' then discharge_disposition end,
            (received_at, feed, partition, "offset", row)
        ) as discharge_disposition,
        arg_max(
            case when event = 'discharge' then discharged_at end,
            (received_at, feed, partition, "offset", row)
        ) as discharged_at
    from events
    where encounter_id is not null
    group by all
),

people as (
    select
        facility,
        patient_id,
        arg_max(died_at, (received_at, feed, partition, "offset", row)) as died_at,
        arg_max(birth_date, (received_at, feed, partition, "offset", row)) as birth_date
    from demographics
    group by all
),

final as (
    select
        spans.facility,
        coalesce(identities.surviving_id, spans.patient_id) as patient_id,
        spans.encounter_id,
        told.discharge_disposition,
        told.is_inpatient,
        told.is_planned,
        spans.ended_at is not null
        and case
            when told.discharge_disposition is not null
                then told.discharge_disposition in ({{ died_dispositions() }})
            else coalesce(people.died_at between spans.admitted_at and spans.ended_at, false)
        end as is_died,

        people.birth_date,
        spans.admitted_at,
        case when spans.ended_at is not null then coalesce(told.discharged_at, spans.ended_at) end
            as discharged_at
    from spans
    inner join told
        on
            spans.facility is not distinct from told.facility
            and spans.encounter_id = told.encounter_id
    left join people
        on
            spans.facility is not distinct from people.facility
            and spans.patient_id = people.patient_id
    left join identities
        on
            spans.facility is not distinct from identities.facility
            and spans.patient_id = identities.retired_id
)

select * from final
