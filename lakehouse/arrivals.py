"""The order in which a lake learnt its messages.

Here: runs of messages of one feed partition, one after the other, read off the log of
`raw_messages`, which commits each of them last and in the order in which it flowed, and off what
was written down of its old commits (arrival_log.py). Not here: the
messages themselves, and the order of the facts within one.

Where commits of long ago are gone from the log, each partition's messages up to its first kept
commit stand at that commit; what no kept commit names comes first. Partitions that share an epoch
stand in the turns in which the fold learnt their messages, where the commits tell them (stamps.py),
else in the order in which they were committed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import duckdb
import pyarrow as pa

from lakehouse import arrival_log, delta_log
from lakehouse.arrival_log import Step
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES


@dataclass(frozen=True, slots=True)
class Run:
    """Messages of one feed partition that were learnt without another's in between."""

    feed: str
    partition: int
    first: int
    last: int

    @property
    def place(self) -> tuple[str, int]:
        """Feed and partition."""
        return self.feed, self.partition


def arrivals(lake: Lake, at: Cut) -> tuple[Run, ...]:
    """Every message up to a cut, as runs in the order in which the lake learnt them."""
    if len(at) <= 1:
        return tuple(Run(*place, 0, last) for place, last in at.items())
    known = Cut({})
    runs: list[Run] = []
    for run in _committed(lake, at):
        place, last = run.place, min(run.last, at[run.place])
        first = known.next_offset(*place)
        if first <= last:
            _extend(runs, Run(*place, first, last))
            known = Cut({**known, place: last})
    return tuple(runs)


def _committed(lake: Lake, at: Cut) -> Iterator[Run]:
    """What each commit reached, oldest first; what no kept commit names comes before them all."""
    kept = [Run(step.feed, step.partition, 0, step.offset) for step in in_turn(_steps(lake))]
    named = {run.place for run in kept}
    yield from (Run(*place, 0, last) for place, last in at.items() if place not in named)
    yield from (run for run in kept if run.place in at)


def _steps(lake: Lake) -> list[Step]:
    """What every commit reached: those that a shortened log wrote down, then those in the log."""
    path = lake.path(RAW_MESSAGES)
    while True:
        versions = delta_log.versions(path)
        known = set(versions)
        written = [step for step in arrival_log.kept(path) if step.version not in known]
        try:
            there = [step for version in versions for step in arrival_log.steps(path, version)]
        except FileNotFoundError:
            # The log was shortened meanwhile: what is gone from it is written down now.
            continue
        return [*written, *there]


def in_turn(steps: Iterable[Step]) -> Iterator[Step]:
    """Steps in the order in which they were learnt, given in the order of their commits."""
    for _, together in groupby(steps, attrgetter("session")):
        # Those without a session all have turn 0, and stay where they are.
        yield from sorted(together, key=attrgetter("turn"))


def _extend(runs: list[Run], run: Run) -> None:
    if runs and runs[-1].place == run.place:
        runs[-1] = replace(runs[-1], last=run.last)
    else:
        runs.append(run)


def split(runs: Sequence[Run], reached: Cut) -> tuple[Cut, tuple[Run, ...]]:
    """What lies before the first message that a cut has not reached, and the runs from it on.

    The runs may name messages that the cut has: those came after one that it lacks.
    """
    known: dict[tuple[str, int], int] = {}
    for number, run in enumerate(runs):
        following = reached.next_offset(*run.place)
        if following <= run.last:
            first = max(run.first, following)
            if first > run.first:
                known[run.place] = first - 1
            return Cut(known), (replace(run, first=first), *runs[number + 1 :])
        known[run.place] = run.last
    return Cut(known), ()


def chunks(runs: Iterable[Run], messages: int) -> Iterator[list[Run]]:
    """The runs in groups of at most so many messages; a long run is cut."""
    group: list[Run] = []
    room = messages
    for run in runs:
        first = run.first
        while first <= run.last:
            last = min(run.last, first + room - 1)
            group.append(replace(run, first=first, last=last))
            room -= last - first + 1
            first = last + 1
            if not room:
                yield group
                group, room = [], messages
    if group:
        yield group


def stretches(runs: Iterable[Run]) -> list[Run]:
    """The same messages in as few runs as can be, where their order is of no matter."""
    joined: list[Run] = []
    for run in sorted(runs, key=attrgetter("place", "first")):
        if joined and joined[-1].place == run.place and joined[-1].last + 1 == run.first:
            joined[-1] = replace(joined[-1], last=run.last)
        else:
            joined.append(run)
    return joined


def add_runs(connection: duckdb.DuckDBPyConnection, runs: Sequence[Run]) -> None:
    """The temporary table `runs` (number, feed, partition, first, last) of a connection."""
    # All at once: feeds that send in turns make many runs.
    rows = [(n, r.feed, r.partition, r.first, r.last) for n, r in enumerate(runs)]
    columns = zip(*rows, strict=True) if rows else ((),) * len(_RUNS)
    table = pa.table([list(column) for column in columns], _RUNS)
    connection.register("given_runs", table)
    connection.execute("create or replace temp table runs as from given_runs")
    connection.unregister("given_runs")


_RUNS = pa.schema(
    [
        ("number", pa.int64()),
        ("feed", pa.string()),
        ("partition", pa.int32()),
        ("first", pa.int64()),
        ("last", pa.int64()),
    ]
)
