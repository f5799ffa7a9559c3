-- Every version of every observation, with the time for which it was what we knew.
-- Rows that say nothing about the value (not asked, still to come, a bare change of status) are no
-- versions, unless they take back what was said before: the same rule as in scoring. So is that of
-- two versions the one that was written later stands, and of those written at one moment the one
-- that supersedes by its status: a version that reached us after one that stands above it was never
-- what we knew.

with

observations as (
    select * from {{ ref('stg_observations') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

moved as (
    select * from {{ ref('int_visits_moved') }}
),

speaking as (
    select *
    from observations
    where
        coalesce(not_scored_reason, '') != 'no_value'
        or status in ('corrected', 'amended', 'entered_in_error', 'cancelled')
),

identified as (
    select
        speaking.* exclude (patient_id),
        speaking.patient_id as patient_id_as_sent,
        {{ owner_of('speaking') }} as patient_id
    from speaking
    {{ join_owners('speaking') }}
),

told as (
    select
        * exclude (received_at),
        received_at as known_at,
        coalesce(status in ('entered_in_error', 'cancelled'), false) as is_retracted,
        (
            least(coalesce(documented_at, received_at), received_at),
            {{ status_rank('status') }}
        ) as standing,
        row_number() over learnt as version_number,
        first_value(received_at) over learnt as first_known_at
    from identified
    window learnt as (
        partition by facility, patient_id, observation_id
        order by received_at, feed, partition, "offset", row
    )
),

judged as (
    select
        *,
        coalesce(standing < max(standing) over (
            partition by facility, patient_id, observation_id
            order by version_number
            rows between unbounded preceding and 1 preceding
        ), false) as is_overruled
    from told
),

followed as (
    select
        *,
        lead(known_at) over (
            partition by facility, patient_id, observation_id, is_overruled order by version_number
        ) as followed_at,
        arg_max(is_retracted, case when not is_overruled then version_number end) over (
            partition by facility, patient_id, observation_id
        ) as is_withdrawn
    from judged
),

final as (
    select
        * exclude (standing, is_overruled, followed_at),
        case when is_overruled then known_at else followed_at end as known_until
    from followed
)

select * from final
