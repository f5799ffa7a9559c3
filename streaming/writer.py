"""The writer: epochs on their way into the lake, off the dataflow's thread.

Here: a bounded queue of closed epochs, one thread that commits them in order, and alerts that go
first. Not here: what a commit is (lakehouse/appends.py), or when an epoch closes (sink.py).

Commits inside the dataflow's thread would hold alerts back by 200-400 ms; in a thread of their own
they cost them nothing.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.appends import append
from lakehouse.compaction import compact
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS, RAW_MESSAGES, TABLES, Table

# Closed epochs that may wait; beyond it the dataflow waits for the disk instead of filling memory.
_WAITING: Final = 4
# A commit costs 4 ms with 10 live files and 65 ms with 600, so small files are joined this often.
COMPACT_EVERY: Final = 100
# Dates that one commit may reach over: more costs memory, fewer costs commits.
DATES: Final = 32


@dataclass(frozen=True, slots=True)
class Epoch:
    """Rows of one feed partition, none beyond offset `upto`."""

    feed: str
    partition: int
    upto: int
    tables: Mapping[str, pa.Table]


class Writer:
    """Commits epochs in order; a context manager, so that the thread is joined before exit."""

    def __init__(self, lake: Lake, committed: Callable[[Epoch], None] = lambda _: None) -> None:
        """Start the thread; `committed` is called after each epoch, from that thread."""
        self._lake = lake
        self._committed = committed
        self._waiting: queue.Queue[Epoch | None] = queue.Queue(_WAITING)
        self._failure: BaseException | None = None
        self._alerts_lock = threading.Lock()
        self._commits = 0
        self._thread = threading.Thread(target=self._run, name="lake-writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Writer":
        """The writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Commit what waits and stop; a failure was raised by `submit` or `finish`."""
        self._stop()

    def submit(self, epoch: Epoch) -> None:
        """Hand over a closed epoch; waits while too many are ahead of it."""
        self._check()
        while True:
            try:
                self._waiting.put(epoch, timeout=0.1)
            except queue.Full:
                self._check()
            else:
                return

    def submit_alerts(self, epoch: Epoch) -> None:
        """Commit alerts at once, ahead of their epoch, which will find them there."""
        self._check()
        self._append_alerts(epoch)

    def finish(self) -> None:
        """Wait until everything is committed."""
        self._stop()
        self._check()

    def _stop(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (epoch := self._waiting.get()) is not None:
            if self._failure is None:
                self._try(epoch)

    def _try(self, epoch: Epoch) -> None:
        try:
            self._commit(epoch)
            self._committed(epoch)
        except BaseException as error:  # handed to the dataflow's thread, which stops
            self._failure = error

    def _commit(self, epoch: Epoch) -> None:
        for part in few_dates(epoch):
            self._commit_tables(part)

    def _commit_tables(self, epoch: Epoch) -> None:
        """Every table, `raw_messages` last: TABLES ends with it."""
        for name, table in TABLES.items():
            if name == ALERTS.name:
                self._append_alerts(epoch)
            elif name in epoch.tables:
                self._append(epoch, table, epoch.tables[name])
        self._commits += 1
        if self._commits % COMPACT_EVERY == 0:
            for table in TABLES.values():
                with self._alerts_lock:
                    compact(self._lake, table)

    def _append(self, epoch: Epoch, table: Table, rows: pa.Table) -> None:
        append(self._lake, table, epoch.feed, epoch.partition, rows, epoch.upto)

    def _append_alerts(self, epoch: Epoch) -> None:
        """Alerts have a line of their own per facility, since facilities reach an offset apart."""
        rows = epoch.tables.get(ALERTS.name)
        if rows is None:
            return
        for facility in pc.unique(rows["facility"]).to_pylist():
            mine = rows.filter(pc.equal(rows["facility"], facility))
            with self._alerts_lock:
                append(
                    self._lake,
                    ALERTS,
                    epoch.feed,
                    epoch.partition,
                    mine,
                    epoch.upto,
                    line=_line(facility),
                )


def _line(facility: str) -> str:
    """A facility's name in the Delta log: a digest, since a sender may put anything there."""
    return blake2b(facility.encode(), digest_size=8).hexdigest()


def few_dates(epoch: Epoch) -> Iterator[Epoch]:
    """The epoch in pieces, by offset, none of which reaches over more than DATES dates.

    A commit holds one open file for each date it writes to, about a megabyte each; only replays of
    sparse or unordered feeds reach over many.
    """
    raw = epoch.tables.get(RAW_MESSAGES.name)
    if raw is None:
        yield epoch
        return
    offsets = raw["offset"].to_numpy()
    order = np.argsort(offsets, kind="stable")
    dates = raw["received_date"].cast(pa.int32()).to_numpy()[order]
    ends = offsets[order][_ends(dates)]
    low = np.iinfo(np.int64).min
    for end in ends.tolist() if len(ends) > 1 else []:
        yield _between(epoch, low, end)
        low = end
    if len(ends) <= 1:
        yield epoch


def _ends(dates: NDArray[np.int32]) -> list[int]:
    """Places of the last message of each piece."""
    ends: list[int] = []
    seen: set[int] = set()
    for place in np.flatnonzero(np.append(True, np.diff(dates) != 0)).tolist():
        if len(seen | {int(dates[place])}) > DATES:
            ends.append(place - 1)
            seen = set()
        seen.add(int(dates[place]))
    return [*ends, len(dates) - 1]


def _between(epoch: Epoch, low: int, high: int) -> Epoch:
    """Rows of the offsets above `low` and up to `high`."""
    tables = {}
    for name, rows in epoch.tables.items():
        offset = rows["offset"]
        mine = rows.filter(pc.and_(pc.greater(offset, low), pc.less_equal(offset, high)))
        if mine.num_rows:
            tables[name] = mine
    return Epoch(epoch.feed, epoch.partition, high, tables)


assert list(TABLES)[-1] == RAW_MESSAGES.name, "raw_messages commits last"  # noqa: S101
