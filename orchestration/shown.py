"""What a materialisation shows of a table, with nothing in it that tells of one patient.

Here: rows, version, bytes, null shares, least and greatest time and a preview as Markdown; and a
bar chart. Not here: which asset shows what (the rooms' assets.py).

Everyone who reaches Dagster's pages sees its metadata, and it outlives the lake. So a preview has
counts of what closed vocabularies say, never a value, an identifier, a sender's text or a day of a
patient's life; and what it repeats is literal text to Markdown, whatever somebody sent.
"""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from deltalake import DeltaTable

from lakehouse.catalogue import connect, quoted_name, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import TABLES, Table

Shown = dict[str, dg.MetadataValue]

# A column that is not named here is not previewed: a new one has to be thought about first.
SAFE = (
    *("job", "night", "feed", "message_type", "disposition", "stage", "kind"),
    *("concept", "loinc_code", "ucum_unit", "value_type", "unit", "status", "event"),
    *("is_scored", "not_scored_reason", "is_cancelled", "order_control", "patient_class"),
    *("score", "variant", "state", "has_single_3", "rule", "rule_family", "band", "severity"),
    *("suppressed_by", "class", "is_explained", "quarter", "currency", "table_name", "change"),
)
# Tables without patients further show their counts and times.
COUNTED = ("bool", "int", "float", "double", "date", "timestamp")
TIMES = ("received_at", "compared_at", "ended_at", "at", "hour_at", "raised_at", "known_at")
PREVIEW_ROWS = 5
# Fewer rows than this may all be one patient's.
FEWEST = 5
LONGEST_CELL = 60
BLOCK, BLOCKS = "█", 20
CHART_INCHES = (8.0, 3.2)
CHART_DPI = 80


@dataclass(frozen=True, slots=True)
class _Relation:
    """A table as it is read: all of it, the rows that are shown, and the types of its columns."""

    source: str
    rows: str
    columns: Mapping[str, str]
    has_patients: bool
    key: tuple[str, ...]

    @property
    def previewed(self) -> list[str]:
        if self.has_patients:
            return [name for name in SAFE if name in self.columns]
        counted = (name for name, type_ in self.columns.items() if type_.startswith(COUNTED))
        return [name for name in self.columns if name in {*SAFE, *counted}]


def table_metadata(
    lake: Lake, table: Table | Path, *, partition: str | None = None, cut: Cut | None = None
) -> Shown:
    """What to show of a table after a run.

    Args:
        lake: The lake.
        table: A contract, or the directory of a mart.
        partition: The value of the contract's partition column to show; the whole table where None.
        cut: For a table of the stream, the cut to read at; for others, the cut that the rows were
            made at, which is only told.
    """
    path = table if isinstance(table, Path) else lake.path(table)
    told: Shown = {} if cut is None else {"cut": dg.MetadataValue.json(cut.to_json())}
    if not DeltaTable.is_deltatable(str(path)):
        return told | {"dagster/row_count": dg.IntMetadataValue(0)}
    with closing(_connection(lake, table, cut)) as connection:
        relation = _relation(connection, path, table, partition)
        told |= _counted(connection, relation, partition)
        told |= _times(connection, relation)
        told["preview"] = _preview(connection, relation)
    return told | _stored(path)


def bar_chart(
    title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]
) -> dg.MarkdownMetadataValue:
    """Stacked bars, one per label, as a picture within Markdown.

    Args:
        title: Heading of the chart; no patient data, as nowhere here.
        labels: One per bar, from left to right.
        series: By name, the height of its part of every bar.
    """
    # Half a second, and most runs draw nothing.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=CHART_INCHES, dpi=CHART_DPI, layout="constrained")
    axes = figure.subplots()
    base = [0.0] * len(labels)
    for name, heights in series.items():
        axes.bar(range(len(labels)), heights, bottom=base, label=name.replace("$", r"\$"))
        base = [low + height for low, height in zip(base, heights, strict=True)]
    axes.set_xticks(range(len(labels)), [text.replace("$", r"\$") for text in labels], rotation=45)
    axes.set_title(title.replace("$", r"\$"))
    if len(series) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    encoded = base64.b64encode(picture.getvalue()).decode()
    alternative = "".join(c if c.isalnum() or c in " ,-" else " " for c in title)
    return dg.MarkdownMetadataValue(f"![{alternative}](data:image/png;base64,{encoded})")


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown whose cells are literal text, whatever they hold."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M}"
    # Within a code span nothing is markup, nor made into a link; only its own mark can end it, and
    # a bar the cell. What does not print could turn the text round.
    text = "".join(c if c.isprintable() else " " for c in str(value))
    text = text.replace("`", "'").replace("|", "¦").strip()
    return f"`{text[:LONGEST_CELL]}`" if text else ""


def _connection(lake: Lake, table: Table | Path, cut: Cut | None) -> duckdb.DuckDBPyConnection:
    if isinstance(table, Table) and table.name in TABLES:
        return connect(lake, tables=(table,), at=cut)
    return connect(lake, tables=(), at=Cut({}))


def _relation(
    connection: duckdb.DuckDBPyConnection, path: Path, table: Table | Path, partition: str | None
) -> _Relation:
    source = f"delta_scan({quoted_text(str(path))})"
    if isinstance(table, Table) and table.name in TABLES:
        source = quoted_name(table.name)
    schema = connection.execute(f"from {source} limit 0").to_arrow_table().schema
    columns = {field.name: str(field.type) for field in schema}
    if isinstance(table, Path):
        return _Relation(source, source, columns, has_patients=True, key=())
    rows = f"(from {source} where {_chosen(table, partition)})"
    return _Relation(source, rows, columns, table.phi != "none", table.key)


def _chosen(table: Table, partition: str | None) -> str:
    if partition is None or table.partition_by is None:
        return "true"
    return f"{quoted_name(table.partition_by)} = {quoted_text(partition)}"


def _counted(
    connection: duckdb.DuckDBPyConnection, relation: _Relation, partition: str | None
) -> Shown:
    filled = ", ".join(f"count({quoted_name(name)})" for name in relation.columns)
    sql = f"select count(*), {filled} from {relation.rows}"  # noqa: S608 names, quoted
    rows, *counts = connection.execute(sql).fetchone() or (0,)
    shown: Shown = {"null_shares": _null_shares(relation, rows, counts)}
    if partition is None:
        return shown | {"dagster/row_count": dg.IntMetadataValue(rows)}
    (whole,) = connection.execute(f"select count(*) from {relation.source}").fetchone() or (0,)  # noqa: S608
    return shown | {
        "dagster/row_count": dg.IntMetadataValue(whole),
        "dagster/partition_row_count": dg.IntMetadataValue(rows),
    }


def _null_shares(relation: _Relation, rows: int, counts: Sequence[int]) -> dg.MetadataValue:
    shares = {
        name: 1 - count / rows
        for name, count in zip(relation.columns, counts, strict=True)
        if rows and count < rows
    }
    if not shares:
        return dg.MetadataValue.md("No column has nulls.")
    lines = [
        (name, f"{share:.1%}", BLOCK * round(share * BLOCKS)) for name, share in shares.items()
    ]
    return dg.MetadataValue.md(markdown_table(("column", "null", "share"), lines))


def _times(connection: duckdb.DuckDBPyConnection, relation: _Relation) -> Shown:
    names = [name for name in TIMES if relation.columns.get(name, "").startswith("timestamp")]
    if not names:
        return {}
    column = quoted_name(names[0])
    sql = f"select epoch(min({column})), epoch(max({column})) from {relation.rows}"  # noqa: S608
    least, greatest = connection.execute(sql).fetchone() or (None, None)
    if least is None or greatest is None:
        return {}
    return {
        f"first_{names[0]}": dg.TimestampMetadataValue(least),
        f"last_{names[0]}": dg.TimestampMetadataValue(greatest),
    }


def _preview(connection: duckdb.DuckDBPyConnection, relation: _Relation) -> dg.MetadataValue:
    if not relation.previewed:
        return dg.MetadataValue.md("Every column of this table may tell of a patient.")
    columns = ", ".join(quoted_name(name) for name in relation.previewed)
    if relation.has_patients:
        header = [*relation.previewed, "rows"]
        sql = (
            f"select {columns}, if(count(*) < {FEWEST}, '< {FEWEST}', count(*)::varchar) as n"  # noqa: S608
            f" from {relation.rows} group by all"
            f" order by count(*) desc, {columns} limit {PREVIEW_ROWS}"
        )
    else:
        header = relation.previewed
        order = ", ".join(f"{quoted_name(name)} desc" for name in relation.key)
        sql = f"select {columns} from {relation.rows} order by {order} limit {PREVIEW_ROWS}"  # noqa: S608
    return dg.MetadataValue.md(markdown_table(header, connection.execute(sql).fetchall()))


def _stored(path: Path) -> Shown:
    table = DeltaTable(str(path))
    sizes = table.get_add_actions(flatten=True).column("size_bytes").to_pylist()
    return {
        "delta_version": dg.IntMetadataValue(table.version()),
        "files": dg.IntMetadataValue(len(sizes)),
        "bytes": dg.IntMetadataValue(sum(sizes)),
    }
