-- Time zero of suspected severe sepsis, one per visit: an approximation of SEP-1's.
--
-- By criteria: the first moment at which a suspected infection (a culture and an antibiotic in the
-- Sepsis-3 windows, from the earlier of the two), SIRS and an organ dysfunction all lie within six
-- hours of each other; the last of the three. By alert, where the criteria were never met: when the
-- first sepsis alert was raised or suppressed. SIRS is the stream's (fever above 38.0, not SEP-1's
-- 38.3 degrees); chronic organ dysfunction and a fall of the pressure by 40 are not recognised.

with

evidence as (
    select * from {{ ref('int_sepsis_evidence') }}
),

scores as (
    select * from {{ ref('stg_scores') }}
    where score = 'sirs' and observed >= {{ sep1_sirs_points() }} and encounter_id is not null
),

observations as (
    select * from {{ ref('fct_observations') }}
    where is_scored and encounter_id is not null
),

alerts as (
    select * from {{ ref('stg_alerts') }}
    where rule_family = 'sepsis' and encounter_id is not null
),

suspicions as (
    select distinct
        cultures.facility,
        cultures.encounter_id,
        least(cultures.happened_at, antibiotics.happened_at) as suspected_at
    from evidence as cultures
    inner join evidence as antibiotics
        on
            cultures.facility is not distinct from antibiotics.facility
            and cultures.encounter_id = antibiotics.encounter_id
            and cultures.happened_at + {{ sep1_hours('antibiotic_after_culture') }}
            >= antibiotics.happened_at
            and cultures.happened_at - {{ sep1_hours('culture_after_antibiotic') }}
            <= antibiotics.happened_at
    where cultures.kind like '%_culture' and antibiotics.kind like 'antibiotic_%'
),

inflamed as (
    select distinct
        facility,
        encounter_id,
        effective_at as inflamed_at
    from scores
),

failing as (
    select distinct
        facility,
        encounter_id,
        effective_at as failing_at
    from observations
    where {{ sep1_is_failing('concept', 'value') }}
),

met as (
    select
        suspicions.facility,
        suspicions.encounter_id,
        min(greatest(suspicions.suspected_at, inflamed.inflamed_at, failing.failing_at))
            as criteria_at
    from suspicions
    inner join inflamed
        on
            suspicions.facility is not distinct from inflamed.facility
            and suspicions.encounter_id = inflamed.encounter_id
            and suspicions.suspected_at - {{ sep1_hours('criteria_together') }}
            <= inflamed.inflamed_at
            and suspicions.suspected_at + {{ sep1_hours('criteria_together') }}
            >= inflamed.inflamed_at
    inner join failing
        on
            suspicions.facility is not distinct from failing.facility
            and suspicions.encounter_id = failing.encounter_id
            and greatest(suspicions.suspected_at, inflamed.inflamed_at)
            - {{ sep1_hours('criteria_together') }} <= failing.failing_at
            and least(suspicions.suspected_at, inflamed.inflamed_at)
            + {{ sep1_hours('criteria_together') }} >= failing.failing_at
    group by all
),

alerted as (
    select
        facility,
        encounter_id,
        min(raised_at) as first_alert_at
    from alerts
    group by all
),

final as (
    select
        coalesce(met.facility, alerted.facility) as facility,
        coalesce(met.encounter_id, alerted.encounter_id) as encounter_id,
        case when met.criteria_at is null then 'alert' else 'criteria' end as time_zero_basis,
        coalesce(met.criteria_at, alerted.first_alert_at) as time_zero_at,
        met.criteria_at,
        alerted.first_alert_at
    from met
    full join alerted
        on
            met.facility is not distinct from alerted.facility
            and met.encounter_id = alerted.encounter_id
)

select * from final
