{#
    What the SEP-1-like bundle counts by. Source: CMS SEP-1, section 12 of the clinical definitions
    (the measure's slide, BMJ QS table 1, Epic registry tables; the current manual was not read), and
    Sepsis-3 (Seymour 2016) for when cultures and antibiotics make a suspicion of infection. That
    fluid counts from six hours before shock is this project's own choice.
#}
{% macro sep1_hours(name) -%}
    interval {{ {
        'criteria_together': 6,
        'lactate_before': 6,
        'within_three': 3,
        'within_six': 6,
        'antibiotic_after_culture': 72,
        'culture_after_antibiotic': 24,
        'suspicion_before': 24,
        'hypotension_around': 6,
        'fluid_before': 6,
    }[name] }} hour
{%- endmacro %}

{# Organ dysfunction: concepts of clinical/concepts.csv, with limits in their canonical units. #}
{% macro sep1_is_failing(concept, value) -%}
    case {{ concept }}
        when 'systolic_bp' then {{ value }} < 90
        when 'mean_bp' then {{ value }} < 65
        when 'creatinine' then {{ value }} > 2.0
        when 'bilirubin_total' then {{ value }} > 2.0
        when 'platelets' then {{ value }} < 100
        when 'inr' then {{ value }} > 1.5
        when 'ptt' then {{ value }} > 60
        when 'lactate' then {{ value }} > 2.0
        else false
    end
{%- endmacro %}

{# An initial lactate above this is measured again (mmol/L). #}
{% macro sep1_repeat_lactate_above() %}2.0{% endmacro %}

{# Septic shock from this lactate on (mmol/L), and the crystalloid that it calls for (mL/kg). #}
{% macro sep1_shock_lactate() %}4.0{% endmacro %}
{% macro sep1_fluid_ml_per_kg() %}30{% endmacro %}

{# SIRS is positive from so many of its four criteria. #}
{% macro sep1_sirs_points() %}2{% endmacro %}
