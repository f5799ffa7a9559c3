"""Replay: files of a feed through the dataflow into a lake.

Here: one run over files, from claim to result. Not here: the command line (pulsehouse/), or live
feeds.

A replay's clock is the feed's own, so it gives the same rows on any day; a file that comes again,
or again after a crash, goes on where the lake's cut is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import pyarrow as pa
from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.testing import run_main

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from clinical.wire.profile import FeedProfile
from lakehouse.catalogue import connect
from lakehouse.columns import DISPOSITIONS
from lakehouse.cuts import cut
from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from lakehouse.replays import Claim, claim
from lakehouse.tables import ALERTS, RAW_MESSAGES, SCORES
from streaming.admission import Admission
from streaming.allocation import keep_freed_memory, leave_alone_what_lasts
from streaming.dataflow import clinical_flow
from streaming.drift import Drift
from streaming.epochs import Epoch
from streaming.files import FileSource, Reading, Survey, survey
from streaming.pace import Pace
from streaming.recollection import Recollection
from streaming.sink import LakeSink
from streaming.writer import Writer


@dataclass(frozen=True, slots=True)
class Options:
    """How a replay runs. `speed` None is as fast as the machine goes."""

    clock: BatchClock = field(default_factory=BatchClock)
    epoch: timedelta = timedelta(seconds=1)
    batch: int = 8_000
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what happens while it happens."""

    surveying: Callable[[Path, Reading], None] = lambda _path, _reading: None
    reading: Callable[[Path, Reading], None] = lambda _path, _reading: None
    alerts: Callable[[pa.Table], None] = lambda _alerts: None


@dataclass(slots=True)
class Outcome:
    """What a run added to the lake, and what it has to warn of."""

    dispositions: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def messages(self) -> int:
        """Messages that this run added."""
        return sum(self.dispositions.values())

    def count(self, epoch: Epoch) -> None:
        """Add what an epoch committed."""
        self.dispositions.update(_tally(epoch.tables[RAW_MESSAGES.name]["disposition"]))
        self.rows.update({name: len(rows) for name, rows in epoch.tables.items()})

    def to_json(self) -> dict[str, object]:
        """The stable form that `replay --json` prints."""
        return {
            "messages": self.messages,
            **{name: self.dispositions[name] for name in DISPOSITIONS},
            "rows": dict(sorted(self.rows.items())),
            "scores": self.rows[SCORES.name],
            "alerts": self.rows[ALERTS.name],
            "seconds": round(self.seconds, 3),
        }


def replay(
    lake: Lake,
    profile: FeedProfile,
    paths: Iterable[Path],
    options: Options | None = None,
    watcher: Watcher | None = None,
) -> Outcome:
    """Replay files, one after the other, into a lake that nobody else writes to meanwhile.

    Raises:
        SourceError: A file cannot be read or holds nothing; files before it are in the lake.
        LakehouseError: The lake is locked, damaged, or does not take the rows.
    """
    run = _Run(lake, profile, options or Options(), watcher or Watcher())
    began = perf_counter()
    keep_freed_memory()
    leave_alone_what_lasts()
    with exclusive(lake):
        for path in paths:
            run.file(path)
    run.outcome.seconds = perf_counter() - began
    return run.outcome


class _Run:
    """State kept from file to file: shards and admissions are opened once."""

    def __init__(
        self, lake: Lake, profile: FeedProfile, options: Options, watcher: Watcher
    ) -> None:
        self.lake, self.profile = lake, profile
        self.options, self.watcher = options, watcher
        self.outcome = Outcome()
        self._recollection = Recollection(lake, cut(lake), options.clock)
        self._shards: dict[str, Shard] = {}
        self._admissions: dict[str, Admission] = {}
        self._drift = Drift(lake)

    def file(self, path: Path) -> None:
        """Replay one file from where the lake is."""
        found = survey(
            path, self.profile.format, lambda reading: self.watcher.surveying(path, reading)
        )
        if found.broken:
            self.outcome.warnings.append(
                f"{path.name}: {found.broken}; what came before it is kept"
            )
        mine = claim(self.lake, self.profile.name, found.fingerprint, found.messages)
        start = max(
            mine.first_offset, cut(self.lake).next_offset(self.profile.name, mine.partition)
        )
        if start < mine.end:
            self._flow(self._source(path, mine, start, found), mine)
            self._drift.flush()

    def _source(self, path: Path, mine: Claim, start: int, found: Survey) -> FileSource:
        return FileSource(
            path,
            self.profile,
            mine.partition,
            mine.first_offset,
            start,
            self.options.batch,
            _clock_before(self.lake, self.profile.name, mine.partition, start),
            Pace(self.options.speed),
            Reading(found.size, tick=lambda reading: self.watcher.reading(path, reading)),
        )

    def _flow(self, source: FileSource, mine: Claim) -> None:
        with Writer(self.lake, self.outcome.count) as writer:
            sink = LakeSink(
                writer,
                [(self.profile.name, mine.partition)],
                self.watcher.alerts,
                alerts_first=self.options.speed is not None,
            )
            flow = clinical_flow(
                source,
                sink,
                profiles={self.profile.name: self.profile},
                open_admission=self._admission,
                open_shard=self._shard,
                drift=self._drift,
            )
            run_to_end(flow, self.options.epoch)
            writer.finish()

    def _shard(self, facility: str) -> Shard:
        if facility not in self._shards:
            self._shards[facility] = self._recollection.shard(facility)
        return self._shards[facility]

    def _admission(self, feed: str) -> Admission:
        if feed not in self._admissions:
            self._admissions[feed] = self._recollection.admission(self.profile)
        return self._admissions[feed]


def run_to_end(flow: Dataflow, epoch: timedelta) -> None:
    """Run to the end of the input; an error of ours comes out as itself, not as the engine's."""
    try:
        run_main(flow, epoch_interval=epoch)
    except BytewaxRuntimeError as error:
        cause: BaseException | None = error
        while isinstance(cause, BytewaxRuntimeError):
            cause = cause.__cause__
        raise cause or error from None


def _tally(column: pa.ChunkedArray) -> Mapping[str, int]:
    return {item["values"]: item["counts"] for item in column.value_counts().to_pylist()}


_LAST_CLOCK = """
select max_by(received_at, "offset") from raw_messages
where feed = $feed and "partition" = $partition and "offset" < $start
"""


def _clock_before(lake: Lake, feed: str, partition: int, start: int) -> pa.Scalar:
    """received_at of the message before `start`: the clock of messages that have none."""
    if not lake.has(RAW_MESSAGES):
        return pa.scalar(0, pa.timestamp("us", tz="UTC"))
    values = {"feed": feed, "partition": partition, "start": start}
    with connect(lake, tables=(RAW_MESSAGES,)) as connection:
        found = connection.execute(_LAST_CLOCK, values).to_arrow_table()
    scalar = found.column(0)[0].cast(pa.timestamp("us", tz="UTC"))
    return scalar if scalar.is_valid else pa.scalar(0, pa.timestamp("us", tz="UTC"))
