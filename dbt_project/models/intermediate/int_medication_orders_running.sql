-- Medication orders whose newest state neither cancels, holds nor stops them, whenever they begin
-- and end.

with

medications as (
    select * from {{ ref('stg_medication_events') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

moved as (
    select * from {{ ref('int_visits_moved') }}
),

identified as (
    select
        medications.* exclude (patient_id),
        {{ owner_of('medications') }} as patient_id,
        row_number() over (
            order by
                medications.received_at,
                medications.feed,
                medications.partition,
                medications.offset,
                medications.row
        ) as learnt_as
    from medications
    {{ join_owners('medications') }}
),

orders as (
    select *
    from identified
    where
        event in (
            'ordered', 'changed', 'held', 'resumed', 'completed', 'discontinued', 'cancelled'
        )
        and order_id is not null
    qualify row_number() over (
        partition by facility, patient_id, order_id, code, code_text
        order by learnt_as desc
    ) = 1
),

-- A stop may name the order alone, and no drug: it stops all that the order holds.
stops as (
    select
        facility,
        patient_id,
        order_id,
        learnt_as
    from orders
    where
        event in ('held', 'completed', 'discontinued', 'cancelled')
        and code is null and code_text is null
),

running as (
    select orders.*
    from orders
    where
        orders.event in ('ordered', 'changed', 'resumed')
        and (orders.event != 'resumed' or coalesce(orders.code, orders.code_text) is not null)
        and not exists (
            select 1
            from stops
            where
                stops.facility is not distinct from orders.facility
                and stops.patient_id = orders.patient_id
                and stops.order_id = orders.order_id
                and stops.learnt_as > orders.learnt_as
        )
)

select * from running
