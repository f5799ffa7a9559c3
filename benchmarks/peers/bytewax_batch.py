"""Bytewax over batches, each folded by Polars: the fastest such stream without a kernel of its own.

Here: the stream job. The state is a frame with the newest points of each patient, which goes before
the next batch. Not here: one item an event (bytewax_item.py).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import bytewax.operators as op
import polars as pl
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from benchmarks.peers.law import COLUMNS, Law
from benchmarks.peers.parquet import SCHEMA as STORED
from benchmarks.peers.parquet import Rows
from benchmarks.peers.polars_file import SCHEMA, points

PACKAGES = ("bytewax", "polars", "pyarrow")
_BLOCK = 4 << 20


def stream(events: Path, law: Law, out: Path) -> None:
    """Every batch an item under one key, its patients in the columns of the state."""

    def fold(known: pl.DataFrame | None, block: bytes) -> tuple[pl.DataFrame, pl.DataFrame]:
        told = pl.read_ndjson(block, schema=SCHEMA)
        fresh = told.with_columns([points(vital).alias(vital.code) for vital in law])
        both = fresh if known is None else pl.concat([known, fresh], how="diagonal")
        codes = [vital.code for vital in law]
        both = both.with_columns(pl.col(codes).forward_fill().over("patient"))
        score = pl.sum_horizontal(codes, ignore_nulls=False).cast(pl.Int32).alias("news2")
        scored = both.tail(len(told)).with_columns(score).select(COLUMNS)
        return both.group_by("patient").agg(pl.col(codes).last()), scored

    flow = Dataflow("rolling_news2")
    blocks = op.key_on("all", op.input("blocks", flow, _Source(events)), lambda _: "all")
    scored = op.key_rm("rows", op.stateful_map("fold", blocks, fold))
    op.output("table", scored, _Sink(out))
    run_main(flow)


class _Source(DynamicSource[bytes]):
    def __init__(self, path: Path) -> None:
        self._path = path

    def build(self, _step_id: str, _worker: int, _workers: int) -> "_Blocks":
        return _Blocks(self._path.open("rb"))


class _Blocks(StatelessSourcePartition[bytes]):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def next_batch(self) -> Iterable[bytes]:
        block = self._file.read(_BLOCK)
        if not block:
            raise StopIteration
        return [block + self._file.readline()]


class _Sink(DynamicSink[pl.DataFrame]):
    def __init__(self, out: Path) -> None:
        self._out = out

    def build(self, _step_id: str, _worker: int, _workers: int) -> "_Table":
        return _Table(self._out)


class _Table(StatelessSinkPartition[pl.DataFrame]):
    def __init__(self, out: Path) -> None:
        self._rows = Rows(out)

    def write_batch(self, items: list[pl.DataFrame]) -> None:
        for frame in items:
            self._rows.write(frame.to_arrow().cast(STORED))

    def close(self) -> None:
        self._rows.__exit__()
