{# No value of a column is above that of another. #}
{% test no_more_than(model, column_name, bound) %}
    select {{ column_name }}
    from {{ model }}
    where {{ column_name }} > {{ bound }}
{% endtest %}
