"""Polars: split strings in columns and explode them.

Here: the decode job. Not here: escapes, repetitions, encodings, errors.
"""

import polars as pl
import pyarrow as pa

from benchmarks.peers.decoded import SCHEMA

PACKAGES = ("polars", "pyarrow")


def decode(messages: list[bytes]) -> pa.Table:
    """Every numeric OBX of every message."""
    lines = (
        pl.LazyFrame({"line": messages}, schema={"line": pl.Binary})
        .with_row_index("message")
        .with_columns(pl.col("line").cast(pl.String).str.split("\r"))
        .explode("line")
    )
    cell = pl.col("line").str.split("|").list
    named = lines.filter(pl.col("line").str.starts_with("PID|"))
    patients = named.select("message", patient=_first(cell.get(3)))
    seen = lines.filter(pl.col("line").str.contains(r"^OBX\|[^|]*\|NM\|"))
    rows = seen.select(
        "message",
        code=_first(cell.get(3)),
        value=cell.get(5).cast(pl.Float64),
        unit=cell.get(6),
        time=cell.get(14),
    )
    joined = rows.join(patients, on="message", how="left", maintain_order="left")
    return joined.select(SCHEMA.names).collect().to_arrow().cast(SCHEMA)


def _first(cell: pl.Expr) -> pl.Expr:
    return cell.str.split("^").list.first()
