-- Alerts with what became known later: how much of the evidence has since been corrected or taken
-- back, and what the visit turned out to be. Evidence is as it was when the alert was raised.
{{ config(unique_key='alert_id') }}

with

alerts as (
    select * from {{ ref('stg_alerts') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

moved as (
    select * from {{ ref('int_visits_moved') }}
),

basis as (
    select * from {{ ref('int_alert_evidence') }}
),

observations as (
    select * from {{ ref('fct_observations') }}
    where concept = 'code_status' and value_code = 'comfort_care'
),

diagnoses as (
    select * from {{ ref('int_sepsis_diagnoses') }}
),

comforted as (
    select
        alerts.alert_id,
        min(observations.known_at) as comfort_care_known_at
    from alerts
    inner join observations
        on
            alerts.facility is not distinct from observations.facility
            and alerts.encounter_id = observations.encounter_id
            and alerts.raised_at < observations.known_at
    group by all
),

final as (
    select
        alerts.alert_id,
        alerts.episode_id,
        alerts.facility,
        {{ owner_of('alerts') }} as patient_id,
        alerts.patient_id as patient_id_as_alerted,
        alerts.encounter_id,
        alerts.unit,
        alerts.rule,
        alerts.rule_family,
        alerts.rules_version,
        alerts.severity,
        alerts.declared_severity,
        alerts.route,
        alerts.status,
        alerts.suppressed_by,
        alerts.title,
        alerts.evidence,
        alerts.contexts,
        array_to_string(alerts.missing, ', ') as missing,
        coalesce(moved.patient_id, identities.surviving_id) is not null as is_merged_since,

        alerts.band,
        alerts.hours_before_batch,
        coalesce(basis.evidence_rows, 0) as evidence_rows,
        coalesce(basis.evidence_changed_rows, 0) as evidence_changed_rows,
        coalesce(basis.evidence_corrected_rows, 0) as evidence_corrected_rows,
        coalesce(basis.evidence_retracted_rows, 0) as evidence_retracted_rows,

        alerts.raised_at,
        alerts.batch_at,
        basis.evidence_changed_at,
        comforted.comfort_care_known_at,
        case
            when diagnoses.sepsis_diagnosed_at > alerts.raised_at
                then diagnoses.sepsis_diagnosed_at
        end as sepsis_diagnosed_at
    from alerts
    left join basis on alerts.alert_id = basis.alert_id
    left join comforted on alerts.alert_id = comforted.alert_id
    left join diagnoses
        on
            alerts.facility is not distinct from diagnoses.facility
            and alerts.encounter_id = diagnoses.encounter_id
    {{ join_owners('alerts') }}
)

select * from final
