"""The page docs/tables.md, the data dictionary, made from the table contracts.

Here: `page()`, and `python -m docs.tables > docs/tables.md`. A test holds the file equal to it. Not
here: any column (lakehouse/columns.py) or table (lakehouse/tables.py).
"""

import sys
from collections.abc import Iterable, Iterator

import pyarrow as pa

from lakehouse import columns as groups
from lakehouse.columns import Column
from lakehouse.tables import LAKE_VERSION, TABLES, Table

OPENING = f"""# Tables

Made from `lakehouse/tables.py` by `python -m docs.tables`: change the contract, not this page.
Lake version {LAKE_VERSION}.

Facts are append-only: a correction or a retraction is a later row. All times are UTC, in
microseconds. Units are UCUM. What stands of them now (results, orders, drugs in force, places, who
is who) is asked of the views and macros of [what stands now](current.md). How rows come to be here
is told in [the life of a message](architecture.md#the-life-of-a-message).

*Patient data*: `pseudonymous` tables hold identifiers of patients and visits with clinical facts;
`identified` ones hold names or raw messages, and `pulsehouse sql` reads them only with
`--identified`."""
SHARED = {
    "In every table: where a row came from": groups.PROVENANCE,
    "In every table but `raw_messages`: whom it is about": groups.SUBJECT,
}
NAMES: dict[pa.DataType, str] = {
    pa.float64(): "double",
    pa.date32(): "date",
    groups.UTC: "timestamp",
    pa.bool_(): "boolean",
}


def page() -> str:
    """The whole page."""
    shared = [f"## {title}\n\n{columns_table(columns)}" for title, columns in SHARED.items()]
    return "\n\n".join([OPENING, _overview(), *shared, *map(_table, TABLES.values())]) + "\n"


def _overview() -> str:
    rows = (
        f"| [`{t.name}`](#{t.name}) | {t.zone} | {t.grain} | {t.phi} |" for t in TABLES.values()
    )
    return "\n".join(["| Table | Zone | One row is | Patient data |", "|---|---|---|---|", *rows])


def _table(table: Table) -> str:
    told = {column.name for columns in SHARED.values() for column in columns}
    own = [column for column in table.columns if column.name not in told]
    key = ", ".join(f"`{name}`" for name in table.key)
    grain = table.grain[0].upper() + table.grain[1:]
    return (
        f"## {table.name}\n\n{grain}. Key: {key}. Partitioned by `{table.partition_by}`.\n\n"
        f"{columns_table(own)}"
    )


def columns_table(columns: Iterable[Column]) -> str:
    """The columns of a table as Markdown."""
    return "\n".join(["| Column | Type | Meaning |", "|---|---|---|", *map(_column, columns)])


def _column(column: Column) -> str:
    needed = "" if column.nullable else ", never null"
    return f"| `{column.name}` | {_kind(column.type)}{needed} | {_meaning(column)} |"


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_kind(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "struct"
    return NAMES.get(kind, str(kind))


def _meaning(column: Column) -> str:
    text = column.description.replace("|", "\\|").replace("<", "&lt;")
    fields = ", ".join(_fields(column.type))
    return f"{text} Fields: {fields}." if fields else text


def _fields(kind: pa.DataType) -> Iterator[str]:
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        yield from (f"`{field.name}` {_kind(field.type)}" for field in kind.value_type)


if __name__ == "__main__":
    sys.stdout.write(page())
