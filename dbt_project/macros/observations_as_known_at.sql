{#
    The observations that were true as they were known at a moment: what a job that ran then could
    have seen. Patients are those of today: a merge learnt since is applied.

    known_at: an SQL expression of type timestamp with time zone.

    For one day's 02:00: dbt show --inline
        "{{ '{{' }} observations_as_known_at(\"timestamptz '2026-01-08 02:00:00+00'\") {{ '}}' }}"
#}
{% macro observations_as_known_at(known_at) -%}
    select *
    from {{ ref('int_observation_versions') }}
    where known_at <= {{ known_at }}
      and (known_until is null or known_until > {{ known_at }})
      and not is_retracted
{%- endmacro %}
