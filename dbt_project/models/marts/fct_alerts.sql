-- Alerts with what became known later: how much of the evidence has since been corrected or taken
-- back. The values of the evidence stay in lake.alerts.
{{ config(unique_key='alert_id') }}

with

alerts as (
    select * from {{ ref('stg_alerts') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

versions as (
    select * from {{ ref('int_observation_versions') }}
),

evidence as (
    select
        alert_id,
        unnest(evidence) as basis
    from alerts
),

later as (
    select
        evidence.alert_id,
        count(*) as evidence_rows,
        count(versions.known_until) as evidence_changed_rows,
        min(versions.known_until) as evidence_changed_at
    from evidence
    left join versions
        on
            evidence.basis.feed = versions.feed
            and evidence.basis.partition = versions.partition
            and evidence.basis.offset = versions.offset
            and evidence.basis.row = versions.row
    group by all
),

final as (
    select
        alerts.alert_id,
        alerts.episode_id,
        alerts.facility,
        coalesce(identities.surviving_id, alerts.patient_id) as patient_id,
        alerts.encounter_id,
        alerts.unit,
        alerts.rule,
        alerts.rule_family,
        alerts.rules_version,
        alerts.severity,
        alerts.status,
        alerts.suppressed_by,
        alerts.title,

        alerts.band,
        alerts.hours_before_batch,
        coalesce(later.evidence_rows, 0) as evidence_rows,
        coalesce(later.evidence_changed_rows, 0) as evidence_changed_rows,

        alerts.raised_at,
        alerts.batch_at,
        later.evidence_changed_at
    from alerts
    left join later on alerts.alert_id = later.alert_id
    left join identities
        on
            alerts.facility is not distinct from identities.facility
            and alerts.patient_id = identities.retired_id
)

select * from final
