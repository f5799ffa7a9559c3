"""The stream's tables as Dagster shows them: complete, connected, and made from the contracts."""

from pathlib import Path

import dagster as dg
import pytest

from lakehouse.lineage import DERIVED_FROM, upstream
from lakehouse.tables import TABLES
from orchestration.stream_tables import stream_tables

SPECS = {spec.key.path[-1]: spec for spec in stream_tables(Path("a-lake"))}


def test_every_table_contract_is_an_asset():
    assert list(SPECS) == list(TABLES)


def test_dagster_shows_the_tables_and_never_makes_them():
    assert {dg.AssetKey(["lake", name]) for name in TABLES} <= _graph().external_asset_keys


def test_table_that_every_message_reaches_is_stale_soonest():
    windows = {name: spec.freshness_policy.fail_window for name, spec in SPECS.items()}
    assert windows["raw_messages"] == min(windows.values())
    assert windows["diagnoses"] > windows["raw_messages"]


@pytest.mark.parametrize("name", TABLES)
def test_asset_has_group_owner_kinds_tags_and_description(name):
    spec, table = SPECS[name], TABLES[name]
    assert spec.group_name == table.zone
    assert spec.owners == ["team:data-engineering"]
    assert spec.kinds == {"bytewax", "deltalake"}
    assert spec.tags["phi"] == table.phi
    assert spec.tags["zone"] == table.zone
    assert table.grain in spec.description
    assert all(f"`{column}`" in spec.description for column in (*table.key, *table.schema.names))


@pytest.mark.parametrize("name", TABLES)
def test_column_schema_says_what_the_contract_says(name):
    shown = SPECS[name].metadata["dagster/column_schema"].columns
    schema = TABLES[name].schema
    assert [(c.name, c.type, c.constraints.nullable) for c in shown] == [
        (field.name, str(field.type), field.nullable) for field in schema
    ]
    assert all(column.description for column in shown)


def test_facts_come_from_messages_scores_from_facts_and_alerts_from_scores():
    graph = _graph()
    assert _parents(graph, "observations") == {"raw_messages"}
    assert "observations" in _parents(graph, "scores")
    assert "scores" in _parents(graph, "alerts")
    assert [name for name in TABLES if not _parents(graph, name)] == ["raw_messages"]


def test_every_derived_table_states_its_upstream():
    derived = {name for name, table in TABLES.items() if table.zone == "derived"}
    assert set(DERIVED_FROM) == derived
    assert all(set(upstream(table)) <= set(TABLES) for table in TABLES.values())


def test_assets_point_into_the_lake_they_were_built_for():
    assert SPECS["scores"].metadata["path"].value == str(Path("a-lake") / "scores")


def _graph():
    return dg.Definitions(assets=stream_tables(Path("a-lake"))).resolve_asset_graph()


def _parents(graph, name):
    return {key.path[-1] for key in graph.get(dg.AssetKey(["lake", name])).parent_keys}
