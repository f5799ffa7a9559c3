"""The data dictionary: every table and column that can be queried, as rows.

Here: `meta.tables` and `meta.columns`, made from the contracts, from what the laws answer, and from
what dbt says of the marts. Not here: what they say (lakehouse/, dbt_project/), and the pages of the
documentation (docs/tables.py, docs/current.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import delta_log
from lakehouse.answers import ANSWERS, Answer
from lakehouse.batch import BATCH_TABLES
from lakehouse.batch_reading import MARTS
from lakehouse.columns import STRING
from lakehouse.columns import UTC as INSTANT
from lakehouse.lake import Lake
from lakehouse.lineage import upstream
from lakehouse.mart_history import MartVersion
from lakehouse.tables import TABLES, Table
from orchestration.mart_models import Model, marts

TABLE_COLUMNS = pa.schema(
    [
        ("schema", STRING),
        ("name", STRING),
        ("grain", STRING),
        ("key", pa.list_(STRING)),
        ("partitioned_by", STRING),
        ("patient_data", STRING),
        ("made_from", pa.list_(STRING)),
        ("delta_version", pa.int64()),
        ("written_at", INSTANT),
        ("cut", STRING),
    ]
)
COLUMN_COLUMNS = pa.schema(
    [
        ("schema", STRING),
        ("table", STRING),
        ("position", pa.int32()),
        ("name", STRING),
        ("type", STRING),
        ("nullable", pa.bool_()),
        ("description", STRING),
    ]
)
Row = dict[str, Any]


def show(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    shown: Iterable[Table],
    versions: Mapping[str, MartVersion],
    cut: str,
) -> None:
    """Make the schema `meta` in a connection: its tables, and the columns of each."""
    tables = [*shown, *BATCH_TABLES.values()]
    names = {table.name for table in tables}
    answers = [answer for answer in ANSWERS if names.issuperset(answer.law.needs)]
    rows = [*(_table(lake, table, cut) for table in tables), *_marts(lake, versions)]
    rows += [_answer(answer, cut) for answer in answers]
    columns = [row for table in tables for row in _columns(schema_of(table), table)]
    columns += [row for answer in answers for row in _columns(answer.schema, answer)]
    columns += [row for model in marts().values() for row in _model_columns(model)]
    connection.execute("create schema meta")
    _add(connection, "tables", pa.Table.from_pylist(rows, TABLE_COLUMNS))
    _add(connection, "columns", pa.Table.from_pylist(columns, COLUMN_COLUMNS))


def _add(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("meta_rows", rows)
    connection.execute(f"create table meta.{name} as from meta_rows")
    connection.unregister("meta_rows")


def schema_of(table: Table) -> str:
    """The schema that shows a table: `lake` for the stream's, the zone for those of batch work."""
    return "lake" if table.name in TABLES else table.zone


def _table(lake: Lake, table: Table, cut: str) -> Row:
    streamed = table.name in TABLES
    return {
        "schema": schema_of(table),
        "name": table.name,
        "grain": table.grain,
        "key": list(table.key),
        "partitioned_by": table.partition_by,
        "patient_data": table.phi,
        "made_from": [f"lake.{name}" for name in upstream(table)] if streamed else [],
        "cut": cut if streamed else None,
        **_written(lake.path(table), None),
    }


def _answer(answer: Answer, cut: str) -> Row:
    """A view or macro of a law: nothing is stored of it, and to describe it nothing is asked."""
    people = {"patient_id", "retired_id"}
    return {
        "schema": answer.schema,
        "name": answer.name,
        "grain": answer.grain,
        "key": list(answer.key),
        "patient_data": "none"
        if people.isdisjoint(column.name for column in answer.columns)
        else "pseudonymous",
        "made_from": [f"lake.{name}" for name in answer.law.needs],
        "cut": cut,
    }


def _marts(lake: Lake, versions: Mapping[str, MartVersion]) -> Iterator[Row]:
    for model in marts().values():
        found = versions.get(model.name)
        path = lake.root / MARTS / model.name
        yield {
            "schema": MARTS,
            "name": model.name,
            "grain": model.description,
            "patient_data": "pseudonymous" if _is_about_patients(model) else "none",
            "made_from": list(model.made_from),
            "cut": found.cut if found else None,
            **_written(path, found.version if found else None),
        }


def _is_about_patients(model: Model) -> bool:
    return any(column.name in {"patient_id", "encounter_id"} for column in model.columns)


def _written(path: Path, version: int | None) -> Row:
    """The version that is read, and when it was committed; nothing where there is no table."""
    known = delta_log.versions(path)
    if not known:
        return {"delta_version": None, "written_at": None}
    read = known[-1] if version is None else version
    told = next(delta_log.actions(path, read, "commitInfo"), {})
    stamp = told.get("timestamp")
    written = None if stamp is None else datetime.fromtimestamp(int(stamp) / 1000, UTC)
    return {"delta_version": read, "written_at": written}


def _columns(schema: str, table: Table | Answer) -> Iterator[Row]:
    for position, column in enumerate(table.columns, start=1):
        yield {
            "schema": schema,
            "table": table.name,
            "position": position,
            "name": column.name,
            "type": str(column.type),
            "nullable": column.nullable,
            "description": column.description,
        }


def _model_columns(model: Model) -> Iterator[Row]:
    for position, column in enumerate(model.columns, start=1):
        yield {
            "schema": MARTS,
            "table": model.name,
            "position": position,
            "name": column.name,
            "type": column.type,
            "description": column.description,
        }
