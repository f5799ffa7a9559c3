-- Every version of every observation, with the time for which it was what we knew.
-- Rows that say nothing about the value (not asked, still to come, a bare change of status) are no
-- versions, unless they take back what was said before: the same rule as in scoring.

with

observations as (
    select * from {{ ref('stg_observations') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
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
        coalesce(identities.surviving_id, speaking.patient_id) as patient_id
    from speaking
    left join identities
        on
            speaking.facility is not distinct from identities.facility
            and speaking.patient_id = identities.retired_id
),

final as (
    select
        * exclude (received_at),
        coalesce(status in ('entered_in_error', 'cancelled'), false) as is_retracted,
        received_at as known_at,
        row_number() over learnt as version_number,
        lead(received_at) over learnt as known_until,
        first_value(received_at) over learnt as first_known_at,
        coalesce(
            last_value(status) over (
                learnt rows between unbounded preceding and unbounded following
            ) in ('entered_in_error', 'cancelled'),
            false
        ) as is_withdrawn
    from identified
    window learnt as (
        partition by facility, patient_id, observation_id
        order by received_at, feed, partition, "offset", row
    )
)

select * from final
