"""The tables that the stream writes, as external assets: Dagster shows them and never makes them.

Here: one asset per table contract, and what each table is derived from. Not here: assets that batch
work makes, and every fact about a table that its contract (lakehouse/tables.py) already states.
"""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from lakehouse.columns import Column
from lakehouse.tables import RAW_MESSAGES, TABLES, Table

NAMESPACE = "lake"
OWNER = "team:data-engineering"

SCORED_FACTS = ("observations", "order_events", "medication_events", "patient_demographics")

# Facts come straight from messages; only derived tables need a line. A line left out here hides an
# arrow in the asset graph, so a test asks for one per derived table.
DERIVED_FROM: Mapping[str, tuple[str, ...]] = {
    "scores": SCORED_FACTS,
    "alerts": ("scores", *SCORED_FACTS, "encounter_events"),
}


def stream_tables(lake: Path) -> list[dg.AssetSpec]:
    """One external asset per table contract, in the order of the contracts."""
    return [_asset(table, lake) for table in TABLES.values()]


def upstream(table: Table) -> tuple[str, ...]:
    """Names of the tables that `table` is derived from."""
    if table.zone == "raw":
        return ()
    return DERIVED_FROM.get(table.name, (RAW_MESSAGES.name,))


def _asset(table: Table, lake: Path) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=_key(table.name),
        deps=[_key(name) for name in upstream(table)],
        group_name=table.zone,
        owners=[OWNER],
        kinds={"bytewax", "deltalake"},
        tags={"zone": table.zone, "phi": table.phi},
        description=_description(table),
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            "path": dg.MetadataValue.path(lake / table.name),
        },
    )


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey([NAMESPACE, name])


def _description(table: Table) -> str:
    columns = ", ".join(f"`{column.name}`" for column in table.columns)
    return (
        f"Grain: {table.grain}.\n\n"
        f"Key: {', '.join(f'`{name}`' for name in table.key)}. "
        f"Partitioned by `{table.partition_by}`. Patient data: {table.phi}.\n\n"
        f"Source: appended by the stream from feed messages; columns {columns}."
    )


def column_schema(table: Table) -> dg.TableSchema:
    """The contract's columns with types and descriptions, as Dagster shows them."""
    return dg.TableSchema(columns=[_column(column) for column in table.columns])


def _column(column: Column) -> dg.TableColumn:
    return dg.TableColumn(
        name=column.name,
        type=str(column.type),
        description=column.description,
        constraints=dg.TableColumnConstraints(nullable=column.nullable),
    )
