"""The tables that the stream writes, as external assets: Dagster shows them and never makes them.

Here: one asset per table contract. Not here: what a table is derived from (lakehouse/lineage.py),
assets that batch work makes, and every fact about a table that its contract (lakehouse/tables.py)
already states.
"""

from datetime import timedelta
from pathlib import Path

import dagster as dg

from lakehouse.columns import Column
from lakehouse.lineage import upstream
from lakehouse.tables import TABLES, Table

NAMESPACE = "lake"
OWNER = "team:data-engineering"

# Every message has a row in these, or nearly: a feed that is silent for so long is looked into.
BUSY = ("raw_messages", "observations", "scores")
SILENT_FOR, SELDOM_FOR = timedelta(minutes=30), timedelta(hours=26)


def stream_tables(lake: Path) -> list[dg.AssetSpec]:
    """One external asset per table contract, in the order of the contracts."""
    return [_asset(table, lake) for table in TABLES.values()]


def _asset(table: Table, lake: Path) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=_key(table.name),
        deps=[_key(name) for name in upstream(table)],
        group_name=table.zone,
        owners=[OWNER],
        kinds={"bytewax", "deltalake"},
        tags={"zone": table.zone, "phi": table.phi},
        description=_description(table),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=_fresh_for(table)),
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            "path": dg.MetadataValue.path(lake / table.name),
        },
    )


def _fresh_for(table: Table) -> timedelta:
    return SILENT_FOR if table.name in BUSY else SELDOM_FOR


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
