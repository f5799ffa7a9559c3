"""Run every peer: `python -m benchmarks.peers [--quick] [--peers a,b] [--json FILE]`.

Here: the input, the right result, the order of work, and the table on the terminal. Not here: the
page in docs (docs/peers.py, from the JSON).
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks import ward
from benchmarks.peers import checking, decode_split, decoded, events, law, python_loop
from benchmarks.peers.limits import limits
from benchmarks.peers.measuring import Job, Line, measured
from benchmarks.peers.tools import DECODE, STREAM, Peer
from pulsehouse.bench.machine import machine

# Events, messages, and runs beside the first, which is not counted.
FULL, QUICK = (1_400_000, 20_000, 3), (140_000, 2_000, 1)


def main(words: Sequence[str]) -> int:
    """Measure all, show it, and write it."""
    asked = _asked(words)
    few = set(asked.peers.split(",")) if asked.peers else None
    size, messages, runs = QUICK if asked.quick else FULL
    with tempfile.TemporaryDirectory(prefix="pulsehouse-peers-", dir=asked.place) as name:
        place = Path(name)
        load = os.getloadavg()[0]
        found: dict[str, Any] = {
            "machine": machine(),
            "load_at_start": load,
            "quick": asked.quick,
            "runs": runs,
            "events": size,
            "messages": messages,
            "stream": _all(_stream_job(place, size, runs), STREAM, few, place),
            "decode": _decoded(place, messages, runs, few),
            "limits": _limits(place, runs),
        }
        found["load_at_end"] = os.getloadavg()[0]
    for job in ("stream", "decode"):
        _show(job, found[job])
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _asked(words: Sequence[str]) -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    asked.add_argument("--quick", action="store_true", help="a tenth of the input, one run")
    asked.add_argument("--peers", help="only these modules, with commas between")
    asked.add_argument("--json", type=Path, help="also write the result here")
    asked.add_argument("--place", type=Path, help="where tables are written meanwhile")
    return asked.parse_args(words)


def _stream_job(place: Path, size: int, runs: int) -> Job:
    source = events.write(place / "events.ndjson", size)
    law.write(place / "law.json", events.law())
    (place / "right").mkdir()
    python_loop.stream(source, events.law(), place / "right")
    right = checking.rows(place / "right")
    return Job(
        "stream", source, size, lambda out: checking.difference(checking.rows(out), right), runs
    )


def _decoded(place: Path, count: int, runs: int, few: set[str] | None) -> list[Line]:
    """Peers of one share together, so that the right result of that share is made once."""
    shares = sorted({peer.share for peer in DECODE}, reverse=True)
    return [
        line
        for share in shares
        for line in _all(
            _decode_job(place, max(round(count * share), 10), runs),
            [peer for peer in DECODE if peer.share == share],
            few,
            place,
        )
    ]


def _decode_job(place: Path, count: int, runs: int) -> Job:
    told = list(ward.messages(count, ward.Ward(200, timedelta(seconds=1))))
    source = decoded.write(place / f"messages-{count}", told)
    right = decode_split.decode(told)

    def wrong(out: Path) -> str | None:
        found = pq.read_table(out / "rows.parquet").combine_chunks()
        return None if found.equals(right) else "rows differ"

    return Job("decode", source, len(right), wrong, runs)


def _all(job: Job, peers: Sequence[Peer], few: set[str] | None, place: Path) -> list[Line]:
    return list(_each(job, peers, few, place))


def _each(job: Job, peers: Sequence[Peer], few: set[str] | None, place: Path) -> Iterator[Line]:
    for peer in peers:
        if few is None or peer.module in few:
            sys.stderr.write(f"{job.name}: {peer.label}\n")
            line = measured(peer, job, place / peer.module)
            shutil.rmtree(place / peer.module, ignore_errors=True)
            yield line


def _limits(place: Path, runs: int) -> dict[str, float]:
    rows: pa.Table = checking.rows(place / "right")
    return limits(place / "events.ndjson", rows, place, max(runs, 3))


def _show(job: str, lines: Sequence[Line]) -> None:
    table = Table("peer", "rows/s", "spread", "per CPU s", "peak MiB", "result", title=job)
    for line in lines:
        table.add_row(line["label"], *_cells(line))
    Console(width=120).print(table)


def _cells(line: Line) -> tuple[str, ...]:
    if not line["equal"]:
        return "", "", "", "", line["reason"]
    return (
        f"{line['rate']:,.0f}",
        f"{line['lowest_rate']:,.0f}-{line['highest_rate']:,.0f}",
        f"{line['rate_per_processor_second']:,.0f}",
        f"{line['peak_mib']:,.0f}",
        "equal",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
