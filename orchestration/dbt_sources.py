"""What dbt is told of the stored tables: sources, and the staging models that hand them on.

Here: the text of the generated files of `dbt_project/models/staging`, made from the table
contracts, and `python -m orchestration.dbt_sources`, which writes them (`make sources`). A test
holds the files equal to it. Not here: models.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lakehouse.batch.legacy import LEGACY, LEGACY_BILLING
from lakehouse.tables import TABLES, Table

STAGING = Path(__file__).parents[1] / "dbt_project" / "models" / "staging"
HEADER = "# Made from the contracts of {} by `make sources`: change the contract, not this file.\n"
# A model stg_<table> hands on all columns but the partition column, which says nothing of its own.
STAGED = (*TABLES.values(), LEGACY_BILLING)
NOT_HANDED_ON = "received_date"

# Hours after which a source is late. The newest row's own time is looked at.
STREAM_LATE = {"warn_after": {"count": 1, "period": "hour"}}
NIGHT_LATE = {"warn_after": {"count": 36, "period": "hour"}}


def lake_text() -> str:
    """The sources file of the tables that the stream appends to."""
    source = {
        "name": "lake",
        "description": "The Delta tables that the stream appends to, up to the cut of the run.",
        # The plugin lakehouse.dbt_delta makes these views when dbt connects.
        "schema": "lake",
        "tables": [_table(table, _stream_config(table)) for table in TABLES.values()],
    }
    return _text("lakehouse/tables.py", {"sources": [source]})


def legacy_text() -> str:
    """The sources file of the landed extracts."""
    source = {
        "name": "legacy",
        "description": "What the nightly jobs produced, landed untouched; a table that no extract "
        "has been landed in is empty.",
        "schema": "legacy",
        "tables": [_table(table, _night_config(table)) for table in LEGACY],
    }
    return _text("lakehouse/batch/legacy.py", {"sources": [source]})


def staged_text() -> str:
    """The descriptions of the staging models."""
    return _text("lakehouse", {"models": [_staged(table) for table in STAGED]})


FILES: Mapping[Path, Callable[[], str]] = {
    STAGING / "_lake.yml": lake_text,
    STAGING / "_legacy.yml": legacy_text,
    STAGING / "_staged.yml": staged_text,
}


def _text(contracts: str, document: Mapping[str, Any]) -> str:
    body = {"version": 2, **document}
    text: str = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100)
    return HEADER.format(contracts) + text


def _table(table: Table, config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": table.name,
        "description": f"Grain: {table.grain}. Key: {', '.join(table.key)}.",
        "config": {"tags": [table.zone, table.phi], **config},
        "columns": _columns(table.schema.names, table),
    }


def _stream_config(table: Table) -> dict[str, Any]:
    # Every message has a row here: the other tables are silent where nothing happens.
    if table.zone != "raw":
        return {}
    return {"loaded_at_field": "received_at", "freshness": STREAM_LATE}


def _night_config(table: Table) -> dict[str, Any]:
    return {
        "loaded_at_field": f"cast({table.partition_by} as timestamptz)",
        "freshness": NIGHT_LATE,
    }


def _staged(table: Table) -> dict[str, Any]:
    handed_on = [name for name in table.schema.names if name != NOT_HANDED_ON]
    return {
        "name": f"stg_{table.name}",
        "description": f"{table.name} as stored. Grain: {table.grain}.",
        "columns": _columns(handed_on, table),
    }


def _columns(names: Iterable[str], table: Table) -> list[dict[str, str]]:
    described = {column.name: column.description for column in table.columns}
    return [{"name": name, "description": described[name]} for name in names]


if __name__ == "__main__":
    for file, text in FILES.items():
        file.write_text(text(), encoding="utf-8")
