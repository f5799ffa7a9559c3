-- Where a visit was, from when to when. A cancellation takes back the newest event of its kind
-- that still stands; of two events of one moment the later learnt counts. Staying in the same bed
-- is one stay, whatever was sent in between.

with

events as (
    select * from {{ ref('stg_encounter_events') }}
    where encounter_id is not null and event_at is not null
),

kinds as (
    select
        *,
        replace(event, 'cancel_', '') as kind,
        case when event like 'cancel_%' then -1 else 1 end as weight,
        row_number() over (order by received_at, feed, partition, "offset", row) as learnt_as
    from events
    where
        event in ('admit', 'transfer', 'discharge', 'register')
        or event in ('cancel_admit', 'cancel_transfer', 'cancel_discharge')
),

nested as (
    select
        *,
        sum(weight) over (partition by facility, encounter_id, kind order by learnt_as) as nesting
    from kinds
),

standing as (
    select *
    from nested
    qualify
        weight = 1
        and coalesce(min(nesting) over (
            partition by facility, encounter_id, kind order by learnt_as
            rows between 1 following and unbounded following
        ) >= nesting, true)
),

moments as (
    select *
    from standing
    qualify row_number() over (
        partition by facility, encounter_id, event_at order by learnt_as desc
    ) = 1
),

moves as (
    select *
    from moments
    window visit as (partition by facility, encounter_id order by event_at)
    qualify
        row_number() over visit = 1
        or kind = 'discharge'
        or lag(kind) over visit = 'discharge'
        or (unit, room, bed) is distinct from lag((unit, room, bed)) over visit
),

stays as (
    select
        *,
        event_at as started_at,
        lead(event_at) over visit as ended_at,
        lead(kind) over visit as ended_by
    from moves
    window visit as (partition by facility, encounter_id order by event_at)
),

final as (
    select
        * exclude (kind, weight, learnt_as, nesting),
        row_number() over (partition by facility, encounter_id order by started_at) as stay_number
    from stays
    where kind != 'discharge'
)

select * from final
