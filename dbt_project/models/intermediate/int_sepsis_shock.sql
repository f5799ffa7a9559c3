-- Septic shock of visits with a time zero, SEP-1-like, and what was done about it.
--
-- Shock: a lactate of 4 mmol/L or more, or hypotension at a second time, from 6 h before to 6 h
-- after time zero; the first of the two. Crystalloid: what was begun from 6 h before shock to 3 h
-- after it, by the newest weight known by then; without a weight nothing is said of mL/kg. A
-- vasopressor is due where the pressure is low still between 3 and 6 h after shock. Whether the
-- patient was looked at again no structured fact tells.

with

zeros as (
    select * from {{ ref('int_sepsis_time_zero') }}
),

observations as (
    select * from {{ ref('fct_observations') }}
    where is_scored and encounter_id is not null
),

medications as (
    select * from {{ ref('stg_medication_events') }}
    where encounter_id is not null and concept in ('crystalloid', 'vasopressor')
),

low_pressures as (
    select distinct
        facility,
        encounter_id,
        effective_at as low_at
    from observations
    where concept in ('systolic_bp', 'mean_bp') and {{ sep1_is_failing('concept', 'value') }}
),

signs as (
    select
        facility,
        encounter_id,
        low_at as seen_at,
        'hypotension' as sign
    from low_pressures
    union all
    select
        facility,
        encounter_id,
        effective_at as seen_at,
        'lactate' as sign
    from observations
    where concept = 'lactate' and value >= {{ sep1_shock_lactate() }}
),

near as (
    select
        zeros.facility,
        zeros.encounter_id,
        signs.seen_at,
        signs.sign,
        row_number() over (
            partition by zeros.facility, zeros.encounter_id, signs.sign
            order by signs.seen_at
        ) as place
    from zeros
    inner join signs
        on
            zeros.facility is not distinct from signs.facility
            and zeros.encounter_id = signs.encounter_id
            and zeros.time_zero_at - {{ sep1_hours('hypotension_around') }} <= signs.seen_at
            and zeros.time_zero_at + {{ sep1_hours('hypotension_around') }} >= signs.seen_at
),

shocked as (
    select
        facility,
        encounter_id,
        min(seen_at) as shock_at,
        arg_min(sign, seen_at) as shock_basis
    from near
    where (sign = 'lactate' and place = 1) or (sign = 'hypotension' and place = 2)
    group by all
),

weighed as (
    select
        shocked.facility,
        shocked.encounter_id,
        arg_max(observations.value, observations.effective_at) as weight_kg
    from shocked
    inner join observations
        on
            shocked.facility is not distinct from observations.facility
            and shocked.encounter_id = observations.encounter_id
            and shocked.shock_at + {{ sep1_hours('within_three') }} >= observations.effective_at
    where observations.concept = 'weight' and observations.value > 0
    group by all
),

given as (
    select
        facility,
        encounter_id,
        concept,
        started_at,
        case lower(dose_unit) when 'ml' then dose when 'l' then dose * 1000 end as volume_ml
    from medications
    where
        event = 'administered'
        and started_at is not null
        and not exists (
            select 1 from medications as withdrawn
            where
                withdrawn.event = 'cancelled'
                and withdrawn.facility is not distinct from medications.facility
                and withdrawn.order_id = medications.order_id
        )
),

treated as (
    select
        shocked.facility,
        shocked.encounter_id,
        sum(given.volume_ml) filter (
            where given.concept = 'crystalloid'
            and given.started_at <= shocked.shock_at + {{ sep1_hours('within_three') }}
        ) as crystalloid_ml,
        min(given.started_at) filter (where given.concept = 'vasopressor') as vasopressor_at
    from shocked
    inner join given
        on
            shocked.facility is not distinct from given.facility
            and shocked.encounter_id = given.encounter_id
            and shocked.shock_at - {{ sep1_hours('fluid_before') }} <= given.started_at
            and shocked.shock_at + {{ sep1_hours('within_six') }} >= given.started_at
    group by all
),

still_low as (
    select distinct
        shocked.facility,
        shocked.encounter_id
    from shocked
    inner join low_pressures
        on
            shocked.facility is not distinct from low_pressures.facility
            and shocked.encounter_id = low_pressures.encounter_id
            and shocked.shock_at + {{ sep1_hours('within_three') }} < low_pressures.low_at
            and shocked.shock_at + {{ sep1_hours('within_six') }} >= low_pressures.low_at
),

final as (
    select
        shocked.*,
        coalesce(treated.crystalloid_ml, 0) / weighed.weight_kg as crystalloid_ml_per_kg,
        still_low.encounter_id is not null as is_vasopressor_due,
        treated.vasopressor_at
    from shocked
    left join weighed
        on
            shocked.facility is not distinct from weighed.facility
            and shocked.encounter_id = weighed.encounter_id
    left join treated
        on
            shocked.facility is not distinct from treated.facility
            and shocked.encounter_id = treated.encounter_id
    left join still_low
        on
            shocked.facility is not distinct from still_low.facility
            and shocked.encounter_id = still_low.encounter_id
)

select * from final
