-- Charges of the events against those of the nightly billing file: how often a code was charged to
-- a stay for a day, on either side.
--
-- Events: charges less credits, by number. A charge with a day is expected in the file of the night
-- after it; one without, in the night after discharge (the job's rule: orchestration/jobs). What is
-- expected later than the newest file is not billed yet; so is everything where no file was landed.
-- A charge taken back whole, and not billed, is not shown. Merged patients are one on both sides.
{{ config(unique_key=['patient_id', 'encounter_id', 'cost_centre', 'code', 'charge_date']) }}

with

charges as (
    select * from {{ ref('stg_charges') }}
    where event in ('charge', 'credit')
),

billing as (
    select * from {{ ref('stg_legacy_billing') }}
),

visits as (
    select * from {{ ref('int_visits') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

-- The file does not say whose identifiers it has; one that two facilities retired is left as it is.
known_anywhere as (
    select
        retired_id,
        any_value(surviving_id) as surviving_id
    from identities
    group by all
    having count(distinct surviving_id) = 1
),

events as (
    select
        coalesce(identities.surviving_id, charges.patient_id, '') as patient_id,
        coalesce(charges.encounter_id, '') as encounter_id,
        coalesce(charges.cost_centre, '') as cost_centre,
        coalesce(charges.code, '') as code,
        coalesce(
            strftime(charges.transaction_at at time zone {{ hospital_zone() }}, '%Y-%m-%d'), ''
        ) as charge_date,
        cast(
            sum(
                coalesce(charges.quantity, 1) * case charges.event when 'credit' then -1 else 1 end
            ) as bigint
        ) as charged,
        max(cast(
            coalesce(charges.transaction_at, visits.discharged_at)
            at time zone {{ hospital_zone() }} as date
        )) + 1 as expected_night,
        min(charges.received_at) as first_known_at,
        max(charges.received_at) as last_known_at
    from charges
    left join identities
        on
            charges.facility is not distinct from identities.facility
            and charges.patient_id = identities.retired_id
    left join visits
        on
            charges.facility is not distinct from visits.facility
            and charges.encounter_id = visits.encounter_id
    group by all
),

billed as (
    select
        coalesce(known_anywhere.surviving_id, billing.patient_id, '') as patient_id,
        coalesce(billing.encounter_id, '') as encounter_id,
        coalesce(billing.cost_centre, '') as cost_centre,
        coalesce(billing.cpt_code, '') as code,
        coalesce(billing.charge_date, '') as charge_date,
        cast(sum(try_cast(billing.charges as bigint)) as bigint) as billed,
        max(billing.night) as billed_night,
        count(distinct billing.night) as billed_nights
    from billing
    left join known_anywhere on billing.patient_id = known_anywhere.retired_id
    group by all
),

nights as (
    select max(night) as newest_night
    from billing
),

held_together as (
    select
        coalesce(events.patient_id, billed.patient_id) as patient_id,
        coalesce(events.encounter_id, billed.encounter_id) as encounter_id,
        coalesce(events.cost_centre, billed.cost_centre) as cost_centre,
        coalesce(events.code, billed.code) as code,
        coalesce(events.charge_date, billed.charge_date) as charge_date,
        coalesce(events.charged, 0) as charged,
        coalesce(billed.billed, 0) as billed,
        coalesce(billed.billed_nights, 0) as billed_nights,
        events.expected_night,
        billed.billed_night,
        nights.newest_night,
        events.first_known_at,
        events.last_known_at
    from events
    full join billed
        on
            events.patient_id = billed.patient_id
            and events.encounter_id = billed.encounter_id
            and events.cost_centre = billed.cost_centre
            and events.code = billed.code
            and events.charge_date = billed.charge_date
    cross join nights
),

final as (
    select
        patient_id,
        encounter_id,
        cost_centre,
        code,
        charge_date,
        case
            when charged = billed then 'matched'
            when charged <= 0 then 'missing_in_events'
            when billed > 0 then 'count_differs'
            when coalesce(expected_night <= newest_night, false) then 'missing_in_billing'
            else 'not_billed_yet'
        end as status,

        charged,
        billed,
        billed_nights,

        coalesce(billed_night, expected_night) as night,
        expected_night,
        newest_night,
        first_known_at,
        last_known_at
    from held_together
    where charged != 0 or billed != 0
)

select * from final
