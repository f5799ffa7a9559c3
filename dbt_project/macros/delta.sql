{#
    A model as a Delta table under <lake>/marts, stored by the plugin lakehouse.dbt_delta.

    unique_key:    the primary key; rows are stored in its order, so equal rows make equal files.
    partition_by:  the column to partition by, if any.
    partitions:    the values of that column to replace; the whole table where none is given.

    The variable `backwards` lets a build replace marts of a later cut than its own.

    The model is first a view, so that the plugin streams its rows and never holds them all.
#}
{% materialization delta, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set draft = make_intermediate_relation(target, suffix='__draft') -%}
    {%- set contract = config.get('contract') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') -%}
        create or replace view {{ draft }} as (
            {%- if contract and contract.enforced %}
            {{ get_assert_columns_equivalent(sql) }}
            {{ get_select_subquery(sql) }}
            {%- else %}
            {{ sql }}
            {%- endif %}
        )
    {%- endcall %}
    {# The plugin reads on a cursor of its own, which sees only what is committed. #}
    {{ adapter.commit() }}

    {% do adapter.store_relation('lake', draft, [], '', 'delta', {
        'model': this.identifier,
        'invocation': invocation_id,
        'unique_key': config.get('unique_key'),
        'partition_by': config.get('partition_by'),
        'partitions': config.get('partitions'),
        'backwards': var('backwards', false),
    }) %}

    {% call statement('drop_draft') -%}
        drop view {{ draft }}
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}
