"""Polars over the whole file, as a job at 2 am would.

Here: both jobs. Not here: a stream: each run reads the file from its beginning.
"""

from pathlib import Path

import polars as pl

from benchmarks.peers.law import Law, Vital

PACKAGES = ("polars",)
SCHEMA = {"patient": pl.String, "time": pl.Int64, "code": pl.String, "value": pl.Float64}


def stream(events: Path, law: Law, out: Path) -> None:
    """One query: points of each event, carried forward in each patient, added up."""
    told = pl.read_ndjson(events, schema=SCHEMA)
    scored(told, law).write_parquet(out / "rows.parquet", compression="zstd", compression_level=1)


def scored(told: pl.DataFrame, law: Law) -> pl.DataFrame:
    """Events in order of time with the score after each."""
    carried = [points(vital).forward_fill().over("patient") for vital in law]
    score = pl.sum_horizontal(carried, ignore_nulls=False).cast(pl.Int32)
    return told.with_columns(score.alias("news2"))


def points(vital: Vital) -> pl.Expr:
    """Points of an event of this code, else null."""
    value = pl.col("value")
    told = pl.lit(vital.points[-1], pl.Int32)
    for bound, given in reversed(list(zip(vital.bounds, vital.points[:-1], strict=True))):
        told = pl.when(value <= bound).then(pl.lit(given, pl.Int32)).otherwise(told)
    return pl.when(pl.col("code") == vital.code).then(told)
