-- What is true as far as we know now: the newest version of each observation, unless it was
-- taken back.

with

versions as (
    select * from {{ ref('int_observation_versions') }}
),

final as (
    select *
    from versions
    where known_until is null and not is_retracted
)

select * from final
