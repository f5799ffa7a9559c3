"""One peer in a process of its own: `python -m benchmarks.peers.runs JOB PEER INPUT OUT RUNS`.

Here: starting its engine, once unmeasured and then the measured runs, each with its seconds and its
processor seconds, those of its child processes too. Not here: whether the result is right
(checking.py), or memory, which whoever started this process watches.
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from types import ModuleType

from benchmarks.peers.processes import processor_seconds, tree

RESULT = "result.json"
Measured = tuple[float, float]


def main(job: str, peer: str, source: Path, out: Path, runs: int) -> None:
    """Run and write what was measured; run 0 is not counted."""
    module = import_module(f"benchmarks.peers.{peer}")
    started = _seconds(lambda: getattr(module, "start", lambda _: None)(out))[0]
    measured = _JOBS[job](module, source, out, runs)
    getattr(module, "stop", lambda: None)()
    found = {
        "start_seconds": started,
        "seconds": [seconds for seconds, _ in measured[1:]],
        "processor_seconds": [seconds for _, seconds in measured[1:]],
        "versions": {name: version(name) for name in module.PACKAGES},
    }
    (out / RESULT).write_text(json.dumps(found), encoding="utf-8")


def _stream(module: ModuleType, source: Path, out: Path, runs: int) -> list[Measured]:
    """Every run leaves its table in a directory of its own."""
    from benchmarks.peers import law  # noqa: PLC0415 no other job needs it

    told, measured = law.read(source.with_name("law.json")), []
    for number in range(runs + 1):
        place = out / str(number)
        place.mkdir(parents=True)
        measured.append(_seconds(lambda place=place: module.stream(source, told, place)))
    return measured


def _decode(module: ModuleType, source: Path, out: Path, runs: int) -> list[Measured]:
    """Messages lie in memory before a run, and rows after it; the last run's are then written."""
    import pyarrow.parquet as pq  # noqa: PLC0415 not every environment has it

    from benchmarks.peers import decoded  # noqa: PLC0415 needs it too

    messages, rows, measured = decoded.read(source), [], []
    for _ in range(runs + 1):
        rows.clear()
        measured.append(_seconds(lambda: rows.append(module.decode(messages))))
    told = getattr(module, "told", lambda table: table)
    pq.write_table(told(rows[0]), out / "rows.parquet")
    return measured


def _seconds(work: Callable[[], object]) -> Measured:
    used, began = _used(), perf_counter()
    work()
    seconds = perf_counter() - began
    return seconds, _used() - used


def _used() -> float:
    return sum(map(processor_seconds, tree(os.getpid())))


_JOBS = {"stream": _stream, "decode": _decode}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]))
