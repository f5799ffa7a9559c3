"""The writer: epochs on their way into the lake, off the dataflow's thread.

Here: closed epochs, committed in order by one thread, and alerts, which another commits ahead of
them. Not here: what a commit is (lakehouse/appends.py), when an epoch closes (sink.py), or how long
to wait for a full disk (whoever gives the `Terms`).

Commits inside the dataflow's thread would hold alerts back by 200-400 ms; in threads of their own
they cost them nothing. An epoch has its alerts too, and stores before `raw_messages` those that the
other thread has not: an alert is durable before its offset is passed, whichever was first.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from time import perf_counter
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.appends import append
from lakehouse.compaction import compact
from lakehouse.errors import AppendError
from lakehouse.failpoints import reach
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS, RAW_MESSAGES, TABLES, Table
from streaming.epochs import Epoch, few_dates
from streaming.lane import Lane

# Closed epochs that may wait; beyond it the dataflow waits for the disk instead of filling memory.
_WAITING: Final = 4
# And so many bytes of them, the one that is being committed among them: at full speed an epoch has
# as many rows as the machine gives, and memory must not grow with its speed.
_WAITING_BYTES: Final = 128 << 20
_WAITING_ALERTS: Final = 1_000
# A commit costs 4 ms with 10 live files and 65 ms with 600, so small files are joined this often.
COMPACT_EVERY: Final = 100
# Alerts that go ahead are a commit a batch, of which there may be thirty a second in a storm.
COMPACT_ALERTS_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Terms:
    """What a writer is told about its commits; by default it commits, or fails at once.

    Args:
        allowed: Asked before every commit; raises where this process may not commit any more.
        again: Told of an append that failed; may wait, and says whether to try it again.
        took: Told of every commit of an epoch, how many seconds it took.
        alerted: Called once alerts that went ahead of their epoch are stored, from that thread.
    """

    allowed: Callable[[], None] = lambda: None
    again: Callable[[AppendError], bool] = lambda _: False
    took: Callable[[float], None] = lambda _: None
    alerted: Callable[[Epoch], None] = lambda _: None


class Writer:
    """Commits epochs in order; a context manager, so that its threads are joined before exit."""

    def __init__(
        self,
        lake: Lake,
        committed: Callable[[Epoch], None] = lambda _: None,
        terms: Terms | None = None,
    ) -> None:
        """Be ready to commit; `committed` is called after each epoch, from the writer's thread."""
        self._lake = lake
        self._committed = committed
        self._terms = terms or Terms()
        self._alerts_lock = threading.Lock()
        self._commits, self._alert_commits = 0, 0
        self._epochs = Lane("lake-writer", self._commit_all, _WAITING, most=_WAITING_BYTES)
        self._alerts = Lane(
            "lake-alerts", self._store_alerts, _WAITING_ALERTS, at_once=_WAITING_ALERTS
        )

    def __enter__(self) -> "Writer":
        """The writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Commit what waits and stop; a failure was raised by `submit` or `finish`."""
        self._stop()

    @property
    def failure(self) -> BaseException | None:
        """What it failed with; it commits nothing more."""
        return self._alerts.failure or self._epochs.failure

    def submit(self, epoch: Epoch) -> None:
        """Hand over a closed epoch; waits while too many are ahead of it."""
        self._check()
        self._epochs.put(epoch, sum(rows.nbytes for rows in epoch.tables.values()))
        reach("stream.epoch_closed")

    def submit_alerts(self, epoch: Epoch) -> None:
        """Hand over alerts to commit at once, ahead of their epoch, which will find them there.

        They must come in the order of their offsets: an alert behind one that is stored counts as
        stored.
        """
        self._check()
        self._alerts.put(epoch)

    def finish(self) -> None:
        """Wait until everything is committed."""
        self._stop()
        self._check()

    def _stop(self) -> None:
        self._alerts.stop()
        self._epochs.stop()

    def _check(self) -> None:
        self._alerts.check()
        self._epochs.check()

    def _commit_all(self, epochs: Sequence[Epoch]) -> None:
        for epoch in epochs:
            self._commit(epoch)

    def _commit(self, epoch: Epoch) -> None:
        began = perf_counter()
        for part in few_dates(epoch):
            self._commit_tables(part)
        reach("lake.cut_moved")
        self._terms.took(perf_counter() - began)
        self._committed(epoch)

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
                self._compact(table)

    def _store_alerts(self, epochs: Sequence[Epoch]) -> None:
        # An alert that failed must not be passed by a later one: the lane stops at a failure.
        for epoch in _together(epochs):
            self._append_alerts(epoch)
            self._terms.alerted(epoch)
            self._alert_commits += 1
            if self._alert_commits % COMPACT_ALERTS_EVERY == 0:
                self._compact(ALERTS)

    def _append_alerts(self, epoch: Epoch) -> None:
        """Alerts have a line of their own per facility, since facilities reach an offset apart."""
        rows = epoch.tables.get(ALERTS.name)
        if rows is None:
            return
        for facility in pc.unique(rows["facility"]).to_pylist():
            mine = rows.filter(pc.equal(rows["facility"], facility))
            with self._alerts_lock:
                self._append(epoch, ALERTS, mine, _line(facility))

    def _append(self, epoch: Epoch, table: Table, rows: pa.Table, line: str = "") -> None:
        while True:
            self._terms.allowed()
            try:
                append(
                    self._lake,
                    table,
                    epoch.feed,
                    epoch.partition,
                    rows,
                    epoch.upto,
                    line=line,
                    stamp=epoch.stamp,
                )
            except AppendError as error:
                if not self._terms.again(error):
                    raise
            else:
                return

    def _compact(self, table: Table) -> None:
        self._terms.allowed()
        try:
            with self._alerts_lock:
                compact(self._lake, table)
        except AppendError as error:
            # Where there is no room to join files, the appends need what room there is.
            if not self._terms.again(error):
                raise


def _together(epochs: Sequence[Epoch]) -> Iterator[Epoch]:
    """Alerts that wait, in one piece per place: a commit takes as long for many as for one."""
    places = defaultdict(list)
    for epoch in epochs:
        places[epoch.feed, epoch.partition].append(epoch)
    for (feed, partition), found in places.items():
        rows = pa.concat_tables(epoch.tables[ALERTS.name] for epoch in found)
        yield Epoch(feed, partition, found[-1].upto, {ALERTS.name: rows})


def _line(facility: str) -> str:
    """A facility's name in the Delta log: a digest, since a sender may put anything there."""
    return blake2b(facility.encode(), digest_size=8).hexdigest()


assert list(TABLES)[-1] == RAW_MESSAGES.name, "raw_messages commits last"  # noqa: S101
