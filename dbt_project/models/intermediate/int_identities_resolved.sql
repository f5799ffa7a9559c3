-- Whom a retired patient identifier stands for today, through chains of merges.
-- A merge that the opposite merge preceded changes nothing, as in the stream: the two were one
-- already. A longer circle of merges ends where it closes. An unmerge is not carried out.

with recursive

identity_events as (
    select * from {{ ref('stg_identity_events') }}
),

pairs as (
    select
        facility,
        retired_id,
        surviving_id,
        row_number() over (order by received_at, feed, partition, "offset", row) as learnt_as
    from identity_events
    where event = 'merge' and retired_id != surviving_id
),

effective as (
    select pairs.*
    from pairs
    where not exists (
        select 1
        from pairs as opposite
        where
            opposite.facility is not distinct from pairs.facility
            and opposite.retired_id = pairs.surviving_id
            and opposite.surviving_id = pairs.retired_id
            and opposite.learnt_as < pairs.learnt_as
    )
),

newest as (
    select
        facility,
        retired_id,
        surviving_id
    from effective
    qualify row_number() over (partition by facility, retired_id order by learnt_as desc) = 1
),

walks as (
    select
        facility,
        retired_id,
        surviving_id,
        list_value(retired_id, surviving_id) as walked
    from newest
    union all
    select
        walks.facility,
        walks.retired_id,
        newest.surviving_id,
        list_append(walks.walked, newest.surviving_id) as walked
    from walks
    inner join newest
        on
            walks.facility is not distinct from newest.facility
            and walks.surviving_id = newest.retired_id
    where not list_contains(walks.walked, newest.surviving_id)
),

final as (
    select
        facility,
        retired_id,
        surviving_id
    from walks
    qualify row_number() over (partition by facility, retired_id order by length(walked) desc) = 1
)

select * from final
