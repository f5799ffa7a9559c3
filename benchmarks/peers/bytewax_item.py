"""Bytewax as its guides show it: one item an event, state by key, Parquet by PyArrow.

Here: the stream job. Not here: batches (bytewax_batch.py).
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from benchmarks.peers.law import Law, Rolling
from benchmarks.peers.parquet import Row, Rows

PACKAGES = ("bytewax", "orjson", "pyarrow")
# Lines that a source hands over at once; state and score are of each item all the same.
_LINES = 1_000
Event = dict[str, Any]


def stream(events: Path, law: Law, out: Path) -> None:
    """Every event an item, every patient a key."""
    vitals, needed = {vital.code: vital for vital in law}, len(law)

    def score(chart: Rolling | None, event: Event) -> tuple[Rolling, Row]:
        chart = Rolling() if chart is None else chart
        patient, code, value = event["patient"], event["code"], event["value"]
        found = chart.step(vitals[code], value, needed)
        return chart, (patient, event["time"], code, value, found)

    flow = Dataflow("rolling_news2")
    told = op.map("decode", op.input("lines", flow, Lines(events)), orjson.loads)
    keyed = op.key_on("patient", told, lambda event: event["patient"])
    scored = op.key_rm("rows", op.stateful_map("score", keyed, score))
    op.output("table", scored, _Sink(out))
    run_main(flow)


class Lines(DynamicSource[bytes]):
    """The lines of a file."""

    def __init__(self, path: Path) -> None:
        """Args: path: The file."""
        self._path = path

    def build(self, _step_id: str, _worker: int, _workers: int) -> "_Lines":
        """For the one worker."""
        return _Lines(self._path)


class _Lines(StatelessSourcePartition[bytes]):
    def __init__(self, path: Path) -> None:
        self._lines: Iterator[bytes] = iter(path.open("rb"))

    def next_batch(self) -> Iterable[bytes]:
        lines = list(islice(self._lines, _LINES))
        if not lines:
            raise StopIteration
        return lines


class _Sink(DynamicSink[Row]):
    def __init__(self, out: Path) -> None:
        self._out = out

    def build(self, _step_id: str, _worker: int, _workers: int) -> "_Table":
        return _Table(self._out)


class _Table(StatelessSinkPartition[Row]):
    def __init__(self, out: Path) -> None:
        self._rows = Rows(out)

    def write_batch(self, items: list[Row]) -> None:
        self._rows.extend(items)

    def close(self) -> None:
        self._rows.__exit__()
