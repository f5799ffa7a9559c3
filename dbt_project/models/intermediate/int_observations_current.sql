-- What is true as far as we know now: the version of each observation that stands, unless it
-- took the observation back.

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
