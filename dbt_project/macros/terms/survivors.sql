{#
    Whom retired patient identifiers stood for, by the merges received up to a moment: the table
    macro that the plugin lakehouse.dbt_delta installs (lakehouse/identities.py).

    known_at: an SQL expression of type timestamp with time zone; all merges where it is null.
#}
{% macro survivors(known_at) -%}
    lake.survivors({{ known_at }})
{%- endmacro %}

{#
    Where visits were, by the events received up to a moment: the table macro of
    lakehouse/encounters.py.

    known_at: as above.
#}
{% macro location_stays(known_at) -%}
    lake.location_stays_as_known({{ known_at }})
{%- endmacro %}

{#
    Whose the facts are that came under a moved visit's number and an identifier that stands for
    `sent_id`, and which number a retired visit number stands for: lakehouse/identities.py.

    known_at: as above.
#}
{% macro visit_moves(known_at) -%}
    lake.visit_moves({{ known_at }})
{%- endmacro %}

{% macro visit_survivors(known_at) -%}
    lake.visit_survivors({{ known_at }})
{%- endmacro %}

{#
    Which of two versions of a result that were written at one moment supersedes the other: the one
    whose status has the higher rank (lakehouse/observations.py).
#}
{% macro status_rank(status) -%}
    lake.status_rank({{ status }})
{%- endmacro %}

{#
    The joins that tell whose the rows of a fact are, as they came under an identifier and a visit
    number, and the patient they belong to. The model has `identities` (int_identities_resolved)
    and `moved` (int_visits_moved).
#}
{% macro join_owners(fact) -%}
    left join identities
        on
            {{ fact }}.facility is not distinct from identities.facility
            and {{ fact }}.patient_id = identities.retired_id
    left join moved
        on
            {{ fact }}.facility is not distinct from moved.facility
            and {{ fact }}.encounter_id = moved.encounter_id
            and coalesce(identities.surviving_id, {{ fact }}.patient_id) = moved.sent_id
{%- endmacro %}

{% macro owner_of(fact) -%}
    coalesce(moved.patient_id, identities.surviving_id, {{ fact }}.patient_id)
{%- endmacro %}
