"""Mixed traffic: results, orders, drugs, moves and charges as they come, in batches of every size.

Here: how fast the bundled sample is decoded, and what a batch costs beyond its size. Not here: one
kind of message alone (cases.py). Seconds are those of the processor, as the rates are per core.
"""

import gzip
import statistics
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path
from time import process_time

import pyarrow as pa

from benchmarks import baseline, ward
from clinical import wire
from clinical.wire.hl7 import Splitter
from lakehouse.feeds import load_profile
from streaming.replay import Options

SAMPLE = Path(str(files("pulsehouse") / "sample" / "mimic3_sample.hl7.gz"))
# A live batch is what came while the one before was worked on.
LIVE, REPLAYED = 100, 1_000


def mixed(size: int, runs: int) -> dict[str, float]:
    """Observations decoded per second, and batches of a live size against splitting strings."""
    profile = load_profile(ward.FEED)
    messages = _messages(size)

    def decode(step: int) -> list[int]:
        arrays = [
            pa.array(messages[at : at + step], pa.binary()) for at in range(0, len(messages), step)
        ]
        facts = [wire.decode(each, profile).facts.get("observations") for each in arrays]
        return [rows.num_rows for rows in facts if rows is not None]

    whole = Options().batch
    observations = sum(decode(whole))
    seconds = {step: _median(runs, partial(decode, step)) for step in (whole, REPLAYED, LIVE)}
    split = _median(runs, lambda: [baseline.split(message) for message in messages])
    return {
        "mixed_observations_per_second": observations / seconds[whole],
        "mixed_against_split": split / seconds[whole],
        "mixed_live_batches_against_split": split / seconds[LIVE],
        "batch_of_100_extra_ms": _extra(seconds[LIVE] - seconds[whole], size / LIVE),
        "batch_of_1000_extra_ms": _extra(seconds[REPLAYED] - seconds[whole], size / REPLAYED),
    }


def _messages(size: int) -> list[bytes]:
    splitter = Splitter()
    found = splitter.feed(gzip.decompress(SAMPLE.read_bytes())).messages.to_pylist()
    return list(islice(cycle([*found, *splitter.close().messages.to_pylist()]), size))


def _median(runs: int, work: Callable[[], object]) -> float:
    work()
    return statistics.median(_seconds(work) for _ in range(runs))


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def _extra(seconds: float, batches: float) -> float:
    """Milliseconds that each batch costs more than its messages do in a large one."""
    return seconds / batches * 1_000
