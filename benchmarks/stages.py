"""The stages of the path, one by one, on a file that is read as it goes: memory does not grow.

Here: decode, normalise, score, detect, append; of each only its own seconds count, the stages
before it run unmeasured. Not here: the path as a whole (whole.py).
"""

import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import baseline, ward
from benchmarks.measuring import Measure, Place, Run, Watch
from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from lakehouse.durable import sync
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming import steps
from streaming.admission import Admission
from streaming.batches import Messages, Understood
from streaming.epochs import Epoch
from streaming.files import FileSource
from streaming.replay import Options
from streaming.turns import Turns
from streaming.writer import Writer

PROFILE = load_profile(ward.FEED)
PARTITION = 1


def _case(once: Callable[[Path, Path], Run]) -> Measure:
    """A stage over the same file at every run, each with a directory of its own."""

    def measure(size: int, place: Place) -> Iterator[Run]:
        file = ward.steady(place.shared, size)
        for number in count():
            yield once(file, place.own / f"run-{number}")

    return measure


def _batches(file: Path) -> Iterator[Messages]:
    """The batches of a file, as a replay has them."""
    part = FileSource(file, PROFILE, PARTITION, 0, 0, Options().batch).build_part("", "", None)
    while True:
        try:
            yield from part.next_batch()
        except StopIteration:
            return


def _admitted(file: Path) -> Iterator[Understood]:
    admission = Admission(PROFILE.format)
    for batch in _batches(file):
        yield admission.admit(steps.decode(batch, PROFILE))


def facts(file: Path) -> Iterator[steps.Facts]:
    """The facts of a file, batch by batch, as the fold is given them."""
    for batch in _admitted(file):
        yield steps.normalised(batch, PROFILE)


def _decode(file: Path, _own: Path) -> Run:
    watch, usual, messages = Watch(), Watch(), 0
    for batch in _batches(file):
        texts = batch.raw.to_pylist()
        messages += len(texts)
        with watch:
            steps.decode(batch, PROFILE)
        with usual:
            baseline.decode(texts)
    ours, theirs = (messages * ward.OBSERVATIONS / one.cpu_seconds for one in (watch, usual))
    return watch.run(
        decode_observations_per_second=ours,
        baseline_observations_per_second=theirs,
        decode_against_baseline=ours / theirs,
    )


def _normalise(file: Path, _own: Path) -> Run:
    watch, rows = Watch(), 0
    for batch in _admitted(file):
        with watch:
            found = steps.normalised(batch, PROFILE)
        rows += found.tables["observations"].num_rows
    return watch.run(normalise_observations_per_second=rows / watch.cpu_seconds)


def _score(file: Path, _own: Path) -> Run:
    watch, shard, rows, scores = Watch(), Shard(BatchClock(), rules=()), 0, 0
    for heard in facts(file):
        with watch:
            derived = shard.step(heard.tables)
        rows += heard.tables["observations"].num_rows
        scores += 0 if derived.scores is None else derived.scores.num_rows
    return watch.run(score_observations_per_second=rows / watch.cpu_seconds, score_rows=scores)


def _detect(file: Path, _own: Path) -> Run:
    """Score and detect, as the stream does, and what the same costs without any rule."""
    watch, scoring, rows = Watch(), Watch(), 0
    shard, plain = Shard(BatchClock()), Shard(BatchClock(), rules=())
    for heard in facts(file):
        with watch:
            shard.step(heard.tables)
        with scoring:
            plain.step(heard.tables)
        rows += heard.tables["observations"].num_rows
    return watch.run(
        detect_observations_per_second=rows / watch.cpu_seconds,
        detect_seconds_against_score=watch.cpu_seconds / scoring.cpu_seconds,
    )


def _append(file: Path, own: Path) -> Run:
    """Every batch an epoch, committed before the next: tables, forced onto the disk, joined."""
    watch, usual, rows = Watch(), Watch(), 0
    done = threading.Semaphore(0)
    with Writer(Lake.open(own, create=True), lambda _: done.release()) as writer:
        for epoch in _epochs(file):
            with watch:
                writer.submit(epoch)
                done.acquire()
            with usual:
                _plain(epoch, own)
            rows += epoch.tables["observations"].num_rows
        writer.finish()
    rate = rows / watch.seconds
    return watch.run(
        append_observations_per_second=rate,
        append_against_parquet=usual.seconds / watch.seconds,
    )


def _epochs(file: Path) -> Iterator[Epoch]:
    folding, turns = steps.Folding(lambda _: Shard(BatchClock())), Turns()
    for heard in facts(file):
        derived, _ = folding.on_item(heard)
        _, rows = steps.stored(heard, turns.take())
        tables = dict(rows.tables)
        for one in derived:
            tables |= one.tables
        stored = {name: _without_message(table) for name, table in tables.items()}
        yield Epoch(PROFILE.name, PARTITION, heard.upto, stored)


def _without_message(table: pa.Table) -> pa.Table:
    return table.drop_columns(["message"]) if "message" in table.column_names else table


def _plain(epoch: Epoch, own: Path) -> None:
    """The same tables as one Parquet file each, forced onto the disk: what it costs at least."""
    for name, table in epoch.tables.items():
        path = own / f"{name}.parquet"
        pq.write_table(table, path, compression="zstd")
        sync(path)


decode, normalise, score = _case(_decode), _case(_normalise), _case(_score)
detect, append = _case(_detect), _case(_append)
