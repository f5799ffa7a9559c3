-- What became of the values that an alert rests on: corrected where a later version stands, taken
-- back where the newest version says so.

with

alerts as (
    select * from {{ ref('stg_alerts') }}
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

final as (
    select
        evidence.alert_id,
        count(*) as evidence_rows,
        count(versions.known_until) as evidence_changed_rows,
        count(versions.known_until) filter (where not versions.is_withdrawn)
            as evidence_corrected_rows,
        count(versions.known_until) filter (where versions.is_withdrawn)
            as evidence_retracted_rows,
        min(versions.known_until) as evidence_changed_at
    from evidence
    left join versions
        on
            evidence.basis.feed = versions.feed
            and evidence.basis.partition = versions.partition
            and evidence.basis.offset = versions.offset
            and evidence.basis.row = versions.row
    group by all
)

select * from final
