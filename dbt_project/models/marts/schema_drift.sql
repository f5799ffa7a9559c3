-- What the feeds send that Pulsehouse does not know, or did not see before: message types, events,
-- codes, units, answers and states; and segments that the sender made up (Z) or that a type of
-- message first had later than a day into its use. No values, no patients; a text without the
-- shape of a code is not shown. A field that was added to a known segment is not noticed.
{{ config(unique_key=['feed', 'kind', 'element', 'detail']) }}

with

observations as (
    select * from {{ ref('stg_observations') }}
),

raw_messages as (
    select * from {{ ref('stg_raw_messages') }}
),

encounter_events as (
    select * from {{ ref('stg_encounter_events') }}
),

charges as (
    select * from {{ ref('stg_charges') }}
),

began as (
    select
        feed,
        message_type,
        min(received_at) as began_at
    from raw_messages
    group by grouping sets ((feed), (feed, message_type))
),

unread_values as (
    select
        feed,
        case when status = 'unknown' then 'unknown_status' else not_scored_reason end as kind,
        concat_ws('|', code_system, code) as element,
        case
            when not_scored_reason = 'unknown_unit' then unit_as_sent
            when not_scored_reason != 'unmapped_code' then concept
        end as detail,
        received_at
    from observations
    where
        status = 'unknown'
        or not_scored_reason in (
            'unmapped_code',
            'unknown_unit',
            'missing_unit',
            'unknown_answer',
            'not_a_number',
            'bad_time'
        )
),

unread_messages as (
    select
        feed,
        case disposition when 'skipped' then 'unused_message_type' else 'quarantined_message' end
            as kind,
        message_type as element,
        reason as detail,
        received_at
    from raw_messages
    where disposition in ('skipped', 'quarantined')
),

unread_events as (
    select
        feed,
        'unknown_visit_event' as kind,
        event as element,
        null as detail,
        received_at
    from encounter_events
    -- What Pulsehouse knows has a word of its own; the rest has its trigger, a code.
    where regexp_full_match(event, '[A-Z][0-9]{2}')
),

unread_charges as (
    select
        feed,
        'unknown_transaction_type' as kind,
        event as element,
        null as detail,
        received_at
    from charges
    where event not in ('charge', 'credit', 'payment', 'adjustment', 'copayment')
),

-- As text a message writes its carriage returns as \x0D, whatever its character set.
segments as (
    select
        feed,
        'segment' as kind,
        unnest(list_distinct(
            regexp_extract_all(cast(raw as varchar), '\\x0D([A-Z][A-Z0-9]{2})\|', 1)
        )) as element,
        message_type as detail,
        received_at
    from raw_messages
    where disposition in ('parsed', 'skipped')
),

unread as (
    select * from unread_values
    union all
    select * from unread_messages
    union all
    select * from unread_events
    union all
    select * from unread_charges
    union all
    select * from segments
),

counted as (
    select
        feed,
        kind,
        {{ shown_code('element') }} as element,
        {{ shown_code('detail') }} as detail,
        count(*) as found,
        min(received_at) as first_known_at,
        max(received_at) as last_known_at
    from unread
    group by all
),

dated as (
    select
        counted.*,
        counted.first_known_at > began.began_at + interval 1 day as is_new
    from counted
    inner join began
        on
            counted.feed = began.feed
            and case when counted.kind = 'segment' then counted.detail end
            is not distinct from began.message_type
),

final as (
    select
        feed,
        kind,
        element,
        detail,
        is_new,

        found,

        first_known_at,
        last_known_at
    from dated
    where kind != 'segment' or element like 'Z%' or is_new
)

select * from final
