"""The page docs/batch_tables.md: the tables of batch work and the marts.

Here: `page()`, and `python -m docs.batch_tables > docs/batch_tables.md`. A test holds the file
equal to it. Not here: any column: they are in lakehouse/batch and dbt_project/models/marts.
"""

import sys
from collections.abc import Iterator

from docs.tables import columns_table
from lakehouse.batch import BATCH_TABLES
from lakehouse.batch.legacy import ORIGIN
from lakehouse.tables import Table
from orchestration.mart_models import Model, marts

OPENING = """# Tables of batch work

Made from `lakehouse/batch` and `dbt_project/models/marts` by `python -m docs.batch_tables`: change
those, not this page. The stream's own tables are in [tables](tables.md). In `pulsehouse sql` and
`pulsehouse.connect()` each zone is a schema; `meta.tables` and `meta.columns` say the same as these
pages.

All times are UTC. A table of a zone lies in `<lake>/<zone>/<table>`, a mart in
`<lake>/marts/<mart>`; every one is a Delta table that any Delta reader can open.

`served.<job>` is no table but a view: it shows what the nightly job made, or, once the job is cut
over, what the stream knows, as the migration ledger says."""


def page() -> str:
    """The whole page."""
    sections = [OPENING, "## Marts", *map(_mart, marts().values())]
    for zone in dict.fromkeys(table.zone for table in BATCH_TABLES.values()):
        sections += [f"## {zone.capitalize()}", *_zone(zone)]
    return "\n\n".join(sections) + "\n"


def _zone(zone: str) -> Iterator[str]:
    if zone == "legacy":
        yield f"In every table of this zone, where a row came from:\n\n{columns_table(ORIGIN)}"
    for table in BATCH_TABLES.values():
        if table.zone == zone:
            yield _table(table)


def _table(table: Table) -> str:
    own = [column for column in table.columns if column not in ORIGIN or table.zone != "legacy"]
    key = ", ".join(f"`{name}`" for name in table.key)
    grain = table.grain[0].upper() + table.grain[1:]
    return f"### {table.name}\n\n{grain}. Key: {key}.\n\n{columns_table(own)}"


def _mart(model: Model) -> str:
    rows = (
        f"| `{column.name}` | {column.type} | {_escaped(column.description)} |"
        for column in model.columns
    )
    sources = ", ".join(f"`{name}`" for name in model.made_from)
    listed = "\n".join(["| Column | Type | Meaning |", "|---|---|---|", *rows])
    return f"### {model.name}\n\n{_escaped(model.description)} Made from {sources}.\n\n{listed}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(page())
