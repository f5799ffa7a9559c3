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

merged as (
    select * from {{ ref('int_visits_merged') }}
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
        events.facility,
        coalesce(merged.surviving_visit, events.encounter_id) as encounter_id,
        coalesce(bool_or(events.patient_class = 'I'), true) as is_inpatient,
        coalesce(bool_or(events.trigger in ('A05', 'A14')), false) as is_planned,
        arg_max(
            case when events.event = 'discharge' then events.discharge_disposition end,
            (events.received_at, events.feed, events.partition, events.offset, events.row)
        ) as discharge_disposition,
        arg_max(
            case when events.event = 'discharge' then events.discharged_at end,
            (events.received_at, events.feed, events.partition, events.offset, events.row)
        ) as discharged_at
    from events
    left join merged
        on
            events.facility is not distinct from merged.facility
            and events.encounter_id = merged.retired_visit
    where events.encounter_id is not null
    group by all
),

people as (
    select
        demographics.facility,
        coalesce(identities.surviving_id, demographics.patient_id) as patient_id,
        arg_max(
            demographics.died_at,
            (
                demographics.received_at,
                demographics.feed,
                demographics.partition,
                demographics.offset,
                demographics.row
            )
        ) as died_at,
        arg_max(
            demographics.birth_date,
            (
                demographics.received_at,
                demographics.feed,
                demographics.partition,
                demographics.offset,
                demographics.row
            )
        ) as birth_date
    from demographics
    left join identities
        on
            demographics.facility is not distinct from identities.facility
            and demographics.patient_id = identities.retired_id
    group by all
),

final as (
    select
        spans.facility,
        spans.patient_id,
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
)

select * from final
