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
