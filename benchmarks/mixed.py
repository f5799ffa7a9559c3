"""Mixed traffic: results, orders, drugs, moves and charges as they come, in batches of every size.

Here: how fast the bundled sample is decoded, and what a batch costs beyond its size. Not here: one
kind of message alone (cases.py). Seconds are those of the processor, as the rates are per core.
"""

import gzip
from collections.abc import Iterator
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path

import pyarrow as pa

from benchmarks import baseline, ward
from benchmarks.measuring import Place, Run, Watch
from clinical import wire
from clinical.wire.hl7 import Splitter
from clinical.wire.profile import FeedProfile
from lakehouse.feeds import load_profile
from streaming.replay import Options

SAMPLE = Path(str(files("pulsehouse") / "sample" / "mimic3_sample.hl7.gz"))
# A live batch is what came while the one before was worked on.
LIVE, REPLAYED = 100, 1_000


def mixed(size: int, _place: Place) -> Iterator[Run]:
    """Observations decoded per second, and batches of a live size against splitting strings."""
    profile, messages = load_profile(ward.FEED), _messages(size)
    while True:
        watches = {step: Watch() for step in (Options().batch, REPLAYED, LIVE)}
        counts = [_decode(messages, step, watch, profile) for step, watch in watches.items()]
        whole, replayed, live = watches.values()
        with (usual := Watch()):
            for message in messages:
                baseline.split(message)
        yield whole.run(
            mixed_observations_per_second=counts[0] / whole.cpu_seconds,
            mixed_against_split=usual.cpu_seconds / whole.cpu_seconds,
            mixed_live_batches_against_split=usual.cpu_seconds / live.cpu_seconds,
            batch_of_100_extra_ms=_extra(live, whole, size / LIVE),
            batch_of_1000_extra_ms=_extra(replayed, whole, size / REPLAYED),
        )


def _decode(messages: list[bytes], step: int, watch: Watch, profile: FeedProfile) -> int:
    arrays = [
        pa.array(messages[at : at + step], pa.binary()) for at in range(0, len(messages), step)
    ]
    with watch:
        facts = [wire.decode(each, profile).facts.get("observations") for each in arrays]
    return sum(rows.num_rows for rows in facts if rows is not None)


def _messages(size: int) -> list[bytes]:
    splitter = Splitter()
    found = splitter.feed(gzip.decompress(SAMPLE.read_bytes())).messages.to_pylist()
    return list(islice(cycle([*found, *splitter.close().messages.to_pylist()]), size))


def _extra(watch: Watch, whole: Watch, batches: float) -> float:
    """Milliseconds that each batch costs more than its messages do in a large one."""
    return (watch.cpu_seconds - whole.cpu_seconds) / batches * 1_000
