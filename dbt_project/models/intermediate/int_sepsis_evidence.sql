-- Blood cultures, cultures and antibiotics of visits: what the sepsis bundle looks at beside
-- laboratory values. A cancelled culture order is none. An administered antibiotic is what was
-- given; an order tells when it was meant to begin.

with

orders as (
    select * from {{ ref('stg_order_events') }}
    where concept = 'culture' and encounter_id is not null
),

medications as (
    select * from {{ ref('stg_medication_events') }}
    where concept = 'antibiotic' and encounter_id is not null
),

cultures as (
    select
        facility,
        encounter_id,
        case
            when
                bool_or(code = '600-7')
                or bool_or(code_text ilike 'blood culture%')
                or bool_or(specimen ilike 'bld%')
                then 'blood_culture'
            else 'other_culture'
        end as kind,
        min(coalesce(effective_at, documented_at)) as happened_at
    from orders
    group by facility, encounter_id, coalesce(order_id, concat_ws('/', feed, "offset", row))
    having not bool_or(is_cancelled)
),

antibiotics as (
    select
        facility,
        encounter_id,
        case event when 'administered' then 'antibiotic_given' else 'antibiotic_ordered' end
            as kind,
        coalesce(started_at, documented_at) as happened_at
    from medications
    where event in ('administered', 'ordered')
),

final as (
    select * from cultures
    where happened_at is not null
    union
    select * from antibiotics
    where happened_at is not null
)

select * from final
