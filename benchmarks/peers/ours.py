"""Pulsehouse: its scoring engine and its Delta writer on the same events, in a Bytewax dataflow.

Here: the stream job. The product reads HL7 v2 and FHIR and has no feed of flat JSON, so PyArrow's
JSON reader stands for its decoder, one batch ahead in a thread. From there on it is the product's:
the fold with look-back, corrections and withdrawals, NEWS2 with the population it is for, and an
exactly-once append that is forced onto the disk. Not here: its other scores, alerts and tables.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import bytewax.operators as op
import numpy as np
import pyarrow as pa
import pyarrow.json as pj
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.operators import StatefulLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from benchmarks.peers.law import Law
from clinical.normalise.signal_rows import PROVENANCE, SIGNALS, UTC
from clinical.scores.news2 import NEWS2
from clinical.scoring.columns import COMPLETE
from clinical.scoring.engine import Engine
from clinical.scoring.point_columns import assess_points
from lakehouse.appends import append
from lakehouse.columns import DOUBLE, STRING, Column
from lakehouse.columns import PROVENANCE as COMMON
from lakehouse.lake import Lake
from lakehouse.tables import Table
from streaming.lane import Lane

PACKAGES = ("bytewax", "pyarrow", "numpy", "deltalake")
FEED = "bench"
EVENTS = pa.schema([("patient", STRING), ("time", pa.int64()), ("code", STRING), ("value", DOUBLE)])
ROLLING = Table(
    name="rolling_news2",
    zone="derived",
    grain="NEWS2 after one event",
    key=("offset",),
    phi="pseudonymous",
    columns=(
        *COMMON,
        Column("patient", STRING, "The patient."),
        Column("time", pa.int64(), "The event's time in ms since 1970."),
        Column("code", STRING, "The event's code."),
        Column("value", DOUBLE, "The event's value."),
        Column("news2", pa.int32(), "NEWS2 after the event; null until all is known."),
    ),
    partition_by=None,
)
_BLOCK = 4 << 20
# Batches that one commit has, about half a second of events.
_EPOCH = 5


def stream(events: Path, law: Law, out: Path) -> None:
    """Events to a Delta table, batch by batch, committed by a thread of its own."""
    assert len(law) == len(NEWS2.parameters)  # noqa: S101
    lake = Lake.open(out / "lake", create=True)
    lane: Lane[pa.Table] = Lane("lake-writer", lambda told: _commit(lake, told), 4)
    flow = Dataflow("rolling_news2")
    batches = op.input("events", flow, _Source(events))
    keyed = op.key_on("by_facility", batches, lambda _: FEED)
    op.output("lake", op.key_rm("rows", op.stateful("fold", keyed, _open)), _Sink(lane))
    run_main(flow)
    lane.stop()
    lane.check()


def _commit(lake: Lake, told: Sequence[pa.Table]) -> None:
    rows = pa.concat_tables(told)
    append(lake, ROLLING, FEED, 0, rows, rows["offset"][-1].as_py())


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, some megabytes at a time."""
    rest = b""
    while block := file.read(_BLOCK):
        whole, _, tail = block.rpartition(b"\n")
        yield rest + whole
        rest = tail


def _decoded(block: bytes) -> pa.Table:
    options = pj.ReadOptions(use_threads=False, block_size=len(block) + 1)
    shape = pj.ParseOptions(explicit_schema=EVENTS)
    return pj.read_json(pa.BufferReader(block), options, shape).combine_chunks()


class _Source(DynamicSource[pa.Table]):
    def __init__(self, path: Path) -> None:
        self._path = path

    def build(self, _step_id: str, _worker: int, _workers: int) -> "_Blocks":
        return _Blocks(self._path)


class _Blocks(StatelessSourcePartition[pa.Table]):
    def __init__(self, path: Path) -> None:
        self._blocks = _blocks(path.open("rb"))
        self._pool = ThreadPoolExecutor(1)
        self._ahead = self._pool.submit(self._next)

    def _next(self) -> pa.Table | None:
        block = next(self._blocks, None)
        return None if block is None else _decoded(block)

    def next_batch(self) -> Iterable[pa.Table]:
        batch = self._ahead.result()
        if batch is None:
            raise StopIteration
        self._ahead = self._pool.submit(self._next)
        return [batch]

    def close(self) -> None:
        self._pool.shutdown()


class _Fold(StatefulLogic[pa.Table, pa.Table, None]):
    def __init__(self) -> None:
        self._engine = Engine()
        self._seen = 0

    def on_item(self, value: pa.Table) -> tuple[Iterable[pa.Table], bool]:
        first, self._seen = self._seen, self._seen + len(value)
        moments = self._engine.step(_signals(value, first))
        [found] = assess_points([NEWS2], moments.panel)
        rows = _rows(value, first)
        score = np.zeros(len(value), np.int32)
        score[moments.first] = np.nan_to_num(found.lowest).astype(np.int32)
        lacks = np.ones(len(value), np.bool_)
        lacks[moments.first] = found.state != COMPLETE
        return [rows.append_column("news2", pa.array(score, mask=lacks))], StatefulLogic.RETAIN

    def snapshot(self) -> None:
        """Nothing: what is committed is the only state."""


def _open(_resume: None) -> _Fold:
    return _Fold()


def _signals(events: pa.Table, first: int) -> pa.Table:
    """Events in the engine's form, each a message of its own."""
    count = len(events)
    numbers = np.arange(first, first + count)
    moment = _moment(events)
    columns = {
        "facility": _same(FEED, STRING, count),
        "patient_id": events["patient"],
        "encounter_id": pa.nulls(count, STRING),
        "concept": events["code"],
        "effective_at": moment,
        "value": events["value"],
        "void": _same(value=False, kind=pa.bool_(), count=count),
        "signal_id": pa.array(numbers).cast(STRING),
        SIGNALS.names[-1]: _same(0, pa.int64(), count),
        "feed": _same(FEED, STRING, count),
        "partition": _same(0, pa.int32(), count),
        "offset": pa.array(numbers),
        "row": _same(0, pa.int32(), count),
        "received_at": moment,
        "message": pa.array(np.arange(count), pa.int32()),
    }
    return pa.table(columns, pa.schema([*SIGNALS, *PROVENANCE]))


def _rows(events: pa.Table, first: int) -> pa.Table:
    """The events as rows of the table, all but the score."""
    count = len(events)
    moment = _moment(events)
    told = {
        "feed": _same(FEED, STRING, count),
        "partition": _same(0, pa.int32(), count),
        "offset": pa.array(np.arange(first, first + count)),
        "row": _same(0, pa.int32(), count),
        "received_at": moment,
        "received_date": moment.cast(pa.date32()),
    }
    return pa.table(told | {name: events[name] for name in EVENTS.names})


def _moment(events: pa.Table) -> pa.Array:
    return pa.array(events["time"].to_numpy() * 1_000).view(UTC)


def _same(value: object, kind: pa.DataType, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), count)


class _Sink(DynamicSink[pa.Table]):
    def __init__(self, lane: Lane[pa.Table]) -> None:
        self._lane = lane

    def build(self, _step_id: str, _worker: int, _workers: int) -> "_Epochs":
        return _Epochs(self._lane)


class _Epochs(StatelessSinkPartition[pa.Table]):
    def __init__(self, lane: Lane[pa.Table]) -> None:
        self._lane = lane
        self._gathered: list[pa.Table] = []

    def write_batch(self, items: list[pa.Table]) -> None:
        self._gathered += items
        if len(self._gathered) >= _EPOCH:
            self._put()

    def _put(self) -> None:
        if self._gathered:
            self._lane.put(pa.concat_tables(self._gathered))
            self._gathered = []

    def close(self) -> None:
        self._put()
