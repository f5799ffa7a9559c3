"""The stored tables as dbt sources: the text of `dbt_project/models/staging/_lake.yml`.

Here: that text, made from the table contracts, and `python -m orchestration.dbt_sources`, which
writes it (`make sources`). A test holds the file equal to it. Not here: models.
"""

from pathlib import Path
from typing import Any

import yaml

from lakehouse.tables import TABLES, Table

SOURCES_FILE = Path(__file__).parents[1] / "dbt_project" / "models" / "staging" / "_lake.yml"
HEADER = "# Made from lakehouse/tables.py by `make sources`: change the contract, not this file.\n"


def sources_text() -> str:
    """The whole sources file."""
    lake = {
        "name": "lake",
        "description": "The Delta tables that the stream appends to, up to the cut of the run.",
        # The plugin lakehouse.dbt_delta makes these views when dbt connects.
        "schema": "lake",
        "tables": [_table(table) for table in TABLES.values()],
    }
    document = {"version": 2, "sources": [lake]}
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return HEADER + text


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "description": f"Grain: {table.grain}. Key: {', '.join(table.key)}.",
        "config": {"tags": [table.zone, table.phi]},
        "columns": [{"name": c.name, "description": c.description} for c in table.columns],
    }


if __name__ == "__main__":
    SOURCES_FILE.write_text(sources_text(), encoding="utf-8")
