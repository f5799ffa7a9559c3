"""What an open encounter costs in memory, and a stream to which nothing comes in processor time.

Here: both. Not here: the peak of a replay, which every case tells.
"""

import gc
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa

from benchmarks import stages, ward
from benchmarks.measuring import Place, Run, Watch
from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard

# How often the encounters that are measured often are, an hour apart.
TIMES: Final = 8
_HOUR: Final = timedelta(hours=1)
# A stream settles for so long, and is then looked at for as long as the case's size says.
SETTLING_SECONDS: Final = 4.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
# Ticks in user and in system, of /proc/PID/stat, counted behind the command's name.
_SPENT: Final = slice(11, 13)


def encounter(size: int, place: Place) -> Iterator[Run]:
    """KiB that a further open encounter takes, and bytes of a further observation of it.

    Counted are allocations that are still held, not pages: what a process keeps for the next batch
    is no part of it.
    """
    files = [
        ward.write(place.own / f"{times}.hl7", size * times, ward.Ward(size, _HOUR / size))
        for times in (1, TIMES)
    ]
    while True:
        with (watch := Watch()):
            once, often = (_held(file) for file in files)
        further = size * (TIMES - 1) * ward.OBSERVATIONS
        yield watch.run(
            kib_per_open_encounter=once / size / 1024,
            bytes_per_remembered_observation=(often - once) / further,
        )


def _held(file: Path) -> int:
    """Bytes that a fold of a file holds at its end."""
    tracemalloc.start()
    before = _allocated()
    shard = Shard(BatchClock())
    for facts in stages.facts(file):
        shard.step(facts.tables)
    # The last batch is no part of it.
    del facts
    after = _allocated()
    tracemalloc.stop()
    return after - before


def _allocated() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes()


def idle(size: int, place: Place) -> Iterator[Run]:
    """Share of a core that a stream takes to which nothing comes, over `size` seconds."""
    with _stream(place.own / "lake") as process:
        time.sleep(SETTLING_SECONDS)
        yield Run(0.0, 0.0, {})
        while True:
            spent, watch = _spent(process), Watch()
            with watch:
                time.sleep(size)
            spent = _spent(process) - spent
            yield Run(watch.seconds, spent, {"idle_core_percent": spent / watch.seconds * 100})


@contextmanager
def _stream(lake: Path) -> Iterator["subprocess.Popen[bytes]"]:
    words = [sys.executable, "-m", "pulsehouse", "stream", "--lake", str(lake)]
    process = subprocess.Popen(  # noqa: S603 our own module, our own arguments
        words, env={**os.environ, "PULSEHOUSE_STREAM_ADMIN": "0"}, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _spent(process: "subprocess.Popen[bytes]") -> float:
    """Seconds of the processor that a process has taken."""
    if process.poll() is not None:
        msg = "the stream ended; `pulsehouse stream` says why"
        raise RuntimeError(msg)
    told = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    return sum(map(int, told.split()[_SPENT])) / _TICKS
