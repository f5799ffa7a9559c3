{# The hospital's time zone, which its days and quarters are of: the setting `hospital_zone`. #}
{% macro hospital_zone() -%}
    '{{ env_var("PULSEHOUSE_HOSPITAL_ZONE", "UTC") }}'
{%- endmacro %}

{#
    A text of the feed for people who may see no patient: only what has the shape of a code, a unit
    or a message type. Free text could be anything, a name too.
#}
{% macro shown_code(text) -%}
    case
        when {{ text }} is null then ''
        when regexp_full_match({{ text }}, '[A-Za-z0-9%/^|_.:+*#{}()\[\]-]{1,60}') then {{ text }}
        else '(not shown)'
    end
{%- endmacro %}

{#
    Discharge dispositions (PV1-36 as sent) that say the patient died: HL7 table 0112 (20 expired,
    40 to 42 expired under hospice care), and the words that MIMIC-III writes.
#}
{% macro died_dispositions() -%}
    '20', '40', '41', '42', 'DEAD/EXPIRED'
{%- endmacro %}
