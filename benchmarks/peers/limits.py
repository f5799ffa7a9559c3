"""Bare limits: what nobody who reads these events and keeps them can be faster than.

Here: bytes read, copied, parsed as JSON, encoded as Parquet, and forced onto the disk, each alone.
Not here: any meaning. Rates are events per second, but for the fsync.
"""

import os
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

Result = dict[str, float]


def limits(events: Path, rows: pa.Table, place: Path, runs: int) -> Result:
    """Events per second of each, and milliseconds of one fsync of 1 MB."""
    raw = events.read_bytes()
    lines = raw.splitlines()
    target = bytearray(len(raw))
    rates: dict[str, Callable[[], object]] = {
        "bytes read": events.read_bytes,
        "memcpy": lambda: memoryview(target).__setitem__(slice(None), raw),
        "orjson.loads": lambda: [orjson.loads(line) for line in lines],
        "Parquet encode": lambda: pq.write_table(
            rows, place / "limit.parquet", compression="zstd", compression_level=1
        ),
    }
    found = {name: len(lines) / _seconds(work, runs) for name, work in rates.items()}
    return found | {"fsync ms": _seconds(lambda: _force(place / "limit.bytes"), runs) * 1_000}


def _seconds(work: Callable[[], object], runs: int) -> float:
    return statistics.median(_once(work) for _ in range(runs))


def _once(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _force(path: Path) -> None:
    with path.open("wb") as file:
        file.write(bytes(1_000_000))
        file.flush()
        os.fsync(file.fileno())
