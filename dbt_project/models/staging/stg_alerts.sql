-- Alerts as the stream raised or suppressed them.

with

alerts as (
    select * from {{ source('lake', 'alerts') }}
),

final as (
    select
        feed,
        partition,
        "offset",
        row,
        facility,
        patient_id,
        encounter_id,
        alert_id,
        episode_id,
        rule,
        rule_family,
        rules_version,
        severity,
        status,
        suppressed_by,
        title,
        unit,
        evidence,
        missing,

        band,
        hours_before_batch,

        received_at,
        raised_at,
        batch_at
    from alerts
)

select * from final
