-- Medication orders that run at the cut: the newest state neither cancels nor stops the order, it
-- has begun, and its end is not known or still to come. Not whether a dose was given.
{{ config(unique_key=['facility', 'patient_id', 'order_id', 'code', 'code_text']) }}

with

running as (
    select * from {{ ref('int_medication_orders_running') }}
),

events as (
    select * from {{ ref('stg_medication_events') }}
),

newest as (
    select max(received_at) as as_of_at
    from events
),

final as (
    select
        running.facility,
        running.patient_id,
        running.encounter_id,
        running.order_id,
        running.feed,
        running.partition,
        running.offset,
        running.row,
        running.code,
        running.code_system,
        running.code_text,
        running.concept,
        running.ingredient,
        running.route,
        running.dose_unit,

        running.dose,

        running.started_at,
        running.ended_at,
        running.received_at as known_at,
        newest.as_of_at
    from running
    cross join newest
    where
        running.started_at <= newest.as_of_at
        and (running.ended_at is null or running.ended_at > newest.as_of_at)
)

select * from final
