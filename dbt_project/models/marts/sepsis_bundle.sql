-- Timing of the sepsis bundle, SEP-1-like: an approximation from structured facts alone. The
-- measure itself is abstracted from notes and documented times; do not report this in its place.
--
-- Per visit with a time zero (int_sepsis_time_zero): lactate measured from 6 h before to 3 h after;
-- a blood culture no later than the antibiotic, and an antibiotic, from 24 h before to 3 h after
-- (so far back Sepsis-3 lets infection precede dysfunction); lactate again within 6 h where the
-- first was above 2 mmol/L. An ordered antibiotic counts where none was recorded as given; where
-- the order has a day only, from its midnight. An element is null while its time is not over.
-- Where there is shock (int_sepsis_shock): 30 mL/kg of crystalloid within 3 h of it, and a
-- vasopressor within 6 h where the pressure stays low. That the patient was assessed again, chronic
-- disease, transfer from elsewhere and refusal are not recognised.
{{ config(unique_key=['facility', 'encounter_id']) }}

with

times as (
    select * from {{ ref('int_sepsis_bundle_times') }}
),

visits as (
    select * from {{ ref('int_visits') }}
),

code_status as (
    select * from {{ ref('fct_observations') }}
    where is_scored and concept = 'code_status'
),

diagnoses as (
    select * from {{ ref('int_sepsis_diagnoses') }}
),

shocks as (
    select * from {{ ref('int_sepsis_shock') }}
),

raw_messages as (
    select * from {{ ref('stg_raw_messages') }}
),

newest as (
    select max(received_at) as known_through_at
    from raw_messages
),

comforted as (
    select
        facility,
        encounter_id,
        min(effective_at) as comfort_care_at
    from code_status
    where value_code = 'comfort_care'
    group by all
),

timed as (
    select
        times.*,
        visits.patient_id,
        case
            when visits.birth_date + interval 18 year > times.time_zero_at then 'under_18'
            when comforted.comfort_care_at <= times.time_zero_at + {{ sep1_hours('within_six') }}
                then 'comfort_care'
        end as excluded_because,
        diagnoses.sepsis_diagnosed_at,
        shocks.shock_at,
        shocks.shock_basis,
        shocks.crystalloid_ml_per_kg,
        shocks.is_vasopressor_due,
        shocks.vasopressor_at,
        newest.known_through_at,
        shocks.shock_at + {{ sep1_hours('within_three') }} <= newest.known_through_at
            as is_shock_three_over,
        shocks.shock_at + {{ sep1_hours('within_six') }} <= newest.known_through_at
            as is_shock_six_over,
        times.time_zero_at + {{ sep1_hours('within_three') }} <= newest.known_through_at
            as is_three_over,
        times.time_zero_at + {{ sep1_hours('within_six') }} <= newest.known_through_at
            as is_six_over
    from times
    cross join newest
    left join visits
        on
            times.facility is not distinct from visits.facility
            and times.encounter_id = visits.encounter_id
    left join comforted
        on
            times.facility is not distinct from comforted.facility
            and times.encounter_id = comforted.encounter_id
    left join diagnoses
        on
            times.facility is not distinct from diagnoses.facility
            and times.encounter_id = diagnoses.encounter_id
    left join shocks
        on
            times.facility is not distinct from shocks.facility
            and times.encounter_id = shocks.encounter_id
),

judged as (
    select
        *,
        case when lactate_at is not null then true when is_three_over then false end
            as is_lactate_in_time,
        case when antibiotic_at is not null then true when is_three_over then false end
            as is_antibiotic_in_time,
        case when blood_culture_at <= antibiotic_at then true when is_three_over then false end
            as is_culture_before_antibiotic,
        case
            when not coalesce(is_repeat_lactate_due, false) then null
            when repeat_lactate_at is not null then true
            when is_six_over then false
        end as is_repeat_lactate_in_time,
        case
            when crystalloid_ml_per_kg >= {{ sep1_fluid_ml_per_kg() }} then true
            when crystalloid_ml_per_kg is not null and is_shock_three_over then false
        end as is_fluid_in_time,
        case
            when not coalesce(is_vasopressor_due, false) then null
            when vasopressor_at is not null then true
            when is_shock_six_over then false
        end as is_vasopressor_in_time
    from timed
),

final as (
    select
        coalesce(facility, '') as facility,
        patient_id,
        encounter_id,
        time_zero_basis,
        excluded_because,
        antibiotic_basis,
        is_lactate_in_time,
        is_culture_before_antibiotic,
        is_antibiotic_in_time,
        is_repeat_lactate_due,
        is_repeat_lactate_in_time,
        is_lactate_in_time
        and is_culture_before_antibiotic
        and is_antibiotic_in_time
        and (not coalesce(is_repeat_lactate_due, false) or is_repeat_lactate_in_time)
            as is_bundle_met,
        shock_basis,
        is_fluid_in_time,
        is_vasopressor_due,
        is_vasopressor_in_time,
        case
            when shock_at is not null then
                is_fluid_in_time
                and case
                    when is_vasopressor_due then is_vasopressor_in_time
                    when is_shock_six_over then true
                end
        end as is_shock_bundle_met,

        lactate_mmol_per_l,
        date_diff('minute', time_zero_at, lactate_at) as minutes_to_lactate,
        date_diff('minute', time_zero_at, antibiotic_at) as minutes_to_antibiotic,
        crystalloid_ml_per_kg,

        time_zero_at,
        criteria_at,
        first_alert_at,
        lactate_at,
        blood_culture_at,
        antibiotic_at,
        repeat_lactate_at,
        shock_at,
        vasopressor_at,
        sepsis_diagnosed_at,
        known_through_at
    from judged
)

select * from final
