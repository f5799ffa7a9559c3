"""What is measured: decoding, scoring, file to committed rows, message to alert, and the gateway.

Here: each case as a function, run in a process of its own (`python -m benchmarks.cases ...`), so
that its memory is its own. Not here: how results are shown.
"""

import json
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

import pyarrow as pa

from benchmarks import baseline, ward
from benchmarks.engine import engine
from benchmarks.gateway import gateway
from benchmarks.mixed import mixed
from benchmarks.ndjson import ndjson
from clinical import wire
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming.allocation import keep_freed_memory
from streaming.files import Reading
from streaming.replay import Options, Watcher, replay

Result = dict[str, float]
SECOND = timedelta(seconds=1)


def decode(size: int, runs: int) -> Result:
    """Observations decoded per second, against the baseline on the same messages."""
    profile = load_profile(ward.FEED)
    some = list(ward.messages(size, patients=200, interval=SECOND))
    # In batches as a replay has them.
    step = Options().batch
    batches = [some[at : at + step] for at in range(0, len(some), step)]
    arrays = [pa.array(batch, pa.binary()) for batch in batches]
    ours = _rates(runs, size, lambda: [wire.decode(batch, profile) for batch in arrays])
    theirs = _rates(runs, size, lambda: [baseline.decode(batch) for batch in batches])
    return {
        "decode_observations_per_second": statistics.median(ours),
        "baseline_observations_per_second": statistics.median(theirs),
        "decode_against_baseline": statistics.median(ours) / statistics.median(theirs),
    }


def _rates(runs: int, size: int, work: Callable[[], object]) -> list[float]:
    # Once unmeasured: imports and first allocations are no part of a rate.
    work()
    return [size * ward.OBSERVATIONS / _seconds(work) for _ in range(runs)]


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def end_to_end(size: int, runs: int) -> Result:
    """Observations per second from a file to committed rows with scores and alerts; peak memory."""
    profile = load_profile(ward.FEED)
    rates, scores = [], 0
    with tempfile.TemporaryDirectory(prefix="pulsehouse-bench-") as folder:
        file = ward.write(
            Path(folder) / "ward.hl7", size, patients=2_000, interval=timedelta(milliseconds=100)
        )
        # Once unmeasured: imports and the unit registry are no part of a rate.
        few = ward.write(Path(folder) / "few.hl7", 100, patients=10, interval=SECOND)
        replay(Lake.open(Path(folder) / "warm", create=True), profile, [few])
        for run in range(runs):
            lake = Lake.open(Path(folder) / f"lake-{run}", create=True)
            outcome = replay(lake, profile, [file])
            rates.append(outcome.rows["observations"] / outcome.seconds)
            scores = outcome.rows["scores"]
    return {
        "end_to_end_observations_per_second": statistics.median(rates),
        "end_to_end_score_rows": scores,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def latency(size: int, _runs: int) -> Result:
    """Milliseconds from a message being due to its alert row committed, at 1,000 a second."""
    released: list[float] = []
    committed: list[float] = []

    def on_batch(_path: Path, reading: Reading) -> None:
        if reading.clock is not None:
            released.append(perf_counter() - _due(reading.clock.as_py()))

    def on_alerts(alerts: pa.Table) -> None:
        now = perf_counter()
        committed.extend(now - _due(raised_at) for raised_at in alerts["raised_at"].to_pylist())

    with tempfile.TemporaryDirectory(prefix="pulsehouse-bench-") as folder:
        place = Path(folder)
        file = ward.write(
            place / "ward.hl7", size, patients=size, interval=timedelta(milliseconds=1)
        )
        lake = Lake.open(place / "lake", create=True)
        watcher = Watcher(reading=on_batch, alerts=on_alerts)
        replay(lake, load_profile(ward.FEED), [file], Options(speed=1.0), watcher)
    # A batch is never released before it is due: the promptest says when the pace began.
    return _spread([(moment - min(released)) * 1000 for moment in committed])


def _due(raised_at: datetime) -> float:
    return (raised_at - ward.BEGINS).total_seconds()


def _spread(waits: list[float]) -> Result:
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    return {
        "alert_latency_alerts": len(waits),
        "alert_latency_p50_ms": cuts[49],
        "alert_latency_p99_ms": cuts[98],
    }


CASES: Mapping[str, Callable[[int, int], Result]] = {
    "decode": decode,
    "mixed": mixed,
    "ndjson": ndjson,
    "engine": engine,
    "end_to_end": end_to_end,
    "latency": latency,
    "gateway": gateway,
}


def main() -> None:
    """One case: its name, size and runs as arguments, its result as JSON on stdout."""
    keep_freed_memory()  # as the dataflow does
    name, size, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.stdout.write(json.dumps(CASES[name](size, runs)) + "\n")


if __name__ == "__main__":
    main()
