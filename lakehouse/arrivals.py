"""The order in which a lake learnt its messages.

Here: runs of messages of one feed partition, one after the other, read off the log of
`raw_messages`, which commits each of them last and in the order in which it flowed, and off what
was written down of its old commits (arrival_log.py). Not here: the
messages themselves, and the order of the facts within one.

Where commits of long ago are gone from the log, each partition's messages up to its first kept
commit stand at that commit; what no kept commit names comes first. Partitions that share an epoch
stand in the order in which they were committed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

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
    kept = [Run(step.feed, step.partition, 0, step.offset) for step in _steps(lake)]
    named = {run.place for run in kept}
    yield from (Run(*place, 0, last) for place, last in at.items() if place not in named)
    yield from (run for run in kept if run.place in at)


def _steps(lake: Lake) -> list[Step]:
    """What every commit reached: those that a shortened log wrote down, then those in the log."""
    path = lake.path(RAW_MESSAGES)
    while True:
        written = list(arrival_log.kept(path))
        last = written[-1].version if written else -1
        try:
            there = [
                step
                for version in delta_log.versions(path)
                if version > last
                for step in arrival_log.steps(path, version)
            ]
        except FileNotFoundError:
            # The log was shortened meanwhile: what is gone from it is written down now.
            continue
        return [*written, *there]


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


def add_runs(connection: duckdb.DuckDBPyConnection, runs: Sequence[Run]) -> None:
    """The temporary table `runs` (number, feed, partition, first, last) of a connection."""
    columns = 'number bigint, feed varchar, "partition" integer, "first" bigint, "last" bigint'
    connection.execute(f"create or replace temp table runs ({columns})")
    rows = [[n, r.feed, r.partition, r.first, r.last] for n, r in enumerate(runs)]
    if rows:
        connection.executemany("insert into runs values (?, ?, ?, ?, ?)", rows)
