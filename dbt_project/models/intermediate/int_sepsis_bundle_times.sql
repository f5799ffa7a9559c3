-- When each element of the sepsis bundle happened, counted from time zero: of each the first within
-- its window. The windows are those of macros/sep1.sql.

with

zeros as (
    select * from {{ ref('int_sepsis_time_zero') }}
),

evidence as (
    select * from {{ ref('int_sepsis_evidence') }}
),

lactates as (
    select * from {{ ref('fct_observations') }}
    where is_scored and concept = 'lactate'
),

first_lactates as (
    select
        zeros.facility,
        zeros.encounter_id,
        min(lactates.effective_at) as lactate_at,
        arg_min(lactates.value, (lactates.effective_at, lactates.observation_id))
            as lactate_mmol_per_l
    from zeros
    inner join lactates
        on
            zeros.facility is not distinct from lactates.facility
            and zeros.encounter_id = lactates.encounter_id
            and zeros.time_zero_at - {{ sep1_hours('lactate_before') }} <= lactates.effective_at
            and zeros.time_zero_at + {{ sep1_hours('within_three') }} >= lactates.effective_at
    group by all
),

repeated_lactates as (
    select
        zeros.facility,
        zeros.encounter_id,
        min(lactates.effective_at) as repeat_lactate_at
    from zeros
    inner join first_lactates
        on
            zeros.facility is not distinct from first_lactates.facility
            and zeros.encounter_id = first_lactates.encounter_id
    inner join lactates
        on
            zeros.facility is not distinct from lactates.facility
            and zeros.encounter_id = lactates.encounter_id
            and first_lactates.lactate_at < lactates.effective_at
            and zeros.time_zero_at + {{ sep1_hours('within_six') }} >= lactates.effective_at
    group by all
),

treated as (
    select
        zeros.facility,
        zeros.encounter_id,
        min(evidence.happened_at) filter (where evidence.kind = 'blood_culture')
            as blood_culture_at,
        min(evidence.happened_at) filter (where evidence.kind = 'antibiotic_given') as given_at,
        min(evidence.happened_at) filter (where evidence.kind = 'antibiotic_ordered') as ordered_at
    from zeros
    inner join evidence
        on
            zeros.facility is not distinct from evidence.facility
            and zeros.encounter_id = evidence.encounter_id
            and zeros.time_zero_at - {{ sep1_hours('suspicion_before') }} <= evidence.happened_at
            and zeros.time_zero_at + {{ sep1_hours('within_three') }} >= evidence.happened_at
    group by all
),

final as (
    select
        zeros.*,
        first_lactates.lactate_at,
        first_lactates.lactate_mmol_per_l,
        first_lactates.lactate_mmol_per_l > {{ sep1_repeat_lactate_above() }}
            as is_repeat_lactate_due,
        repeated_lactates.repeat_lactate_at,
        treated.blood_culture_at,
        coalesce(treated.given_at, treated.ordered_at) as antibiotic_at,
        case
            when treated.given_at is not null then 'administered'
            when treated.ordered_at is not null then 'ordered'
        end as antibiotic_basis
    from zeros
    left join first_lactates
        on
            zeros.facility is not distinct from first_lactates.facility
            and zeros.encounter_id = first_lactates.encounter_id
    left join repeated_lactates
        on
            zeros.facility is not distinct from repeated_lactates.facility
            and zeros.encounter_id = repeated_lactates.encounter_id
    left join treated
        on
            zeros.facility is not distinct from treated.facility
            and zeros.encounter_id = treated.encounter_id
)

select * from final
