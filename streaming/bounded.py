"""A bounded run: the same dataflow over messages that a lake has stored, into another lake.

Here: which messages, in the order in which they were learnt; what the fold knew before the first of
them. Not here: the process that is started for it (backfill.py), the dataflow (dataflow.py), or the
source (stored.py).

Nothing leaves the house on a backfill: the flow ends in the target lake, and alerts are rows there.
A backfill that was killed goes on where the target's cut is. Rows carry the version of the rules
that ran, as any row of the flow does.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter

from clinical.wire.profile import FeedProfile
from lakehouse import durable
from lakehouse.arrivals import Run, arrivals, split
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut, cut
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from lakehouse.tables import RAW_MESSAGES
from streaming.allocation import keep_freed_memory
from streaming.dataflow import clinical_flow
from streaming.epochs import Epoch
from streaming.recollection import Recollection
from streaming.replay import Options, Outcome, run_to_end
from streaming.sink import LakeSink
from streaming.steps import Profiles
from streaming.stored import StoredSource
from streaming.writer import Writer

MARKER = "backfill.json"


class BackfillError(LakehouseError):
    """A lake that cannot take this backfill."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages of the source: of one feed, or received between two days, both included.

    Days choose the stretch of the order of arrival from the first message to the last one that was
    received on them; what was learnt in between comes along, since it was known by then.
    """

    feed: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it begins with the first message."""
        return self.since is None

    def to_json(self) -> dict[str, str | None]:
        """What a target lake remembers of it."""
        days = {"from": self.since, "to": self.until}
        return {"feed": self.feed, **{name: str(day) for name, day in days.items() if day}}


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs to flow, what was known before them, and how many messages they may have."""

    runs: tuple[Run, ...]
    known: Cut
    order: tuple[Run, ...]

    @property
    def messages(self) -> int:
        """Messages to flow, where offsets have no gaps."""
        return sum(run.last - run.first + 1 for run in self.runs)


def backfill(
    source: Lake,
    target: Lake,
    profiles: Callable[[str], FeedProfile],
    wanted: Wanted | None = None,
    *,
    at: Cut | None = None,
    options: Options | None = None,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Outcome:
    """Run stored messages through the dataflow once more.

    Without a first day the fold starts with nothing known, as the stream did; with one it first
    recollects from the source what was known by then.

    Args:
        source: The lake whose messages are read; nothing is written to it.
        target: The lake that takes the rows; empty, or of the same backfill.
        profiles: Gives a feed's profile.
        wanted: Which messages; all of them where None.
        at: The cut of the source; its newest where None.
        options: How the dataflow runs.
        told: Told how many messages have flowed, of how many.

    Raises:
        BackfillError: The target holds something else.
        LakehouseError: A lake is locked, damaged, or does not take the rows.
    """
    began = perf_counter()
    keep_freed_memory()
    asked = wanted or Wanted()
    with exclusive(target):
        _claim(source, target, asked)
        planned = plan(source, asked, cut(source) if at is None else at, cut(target))
        outcome = Outcome()
        if planned.runs:
            knows = target if asked.is_whole else source
            run = _Flow(source, target, knows, planned, options or Options())
            run.to_end(profiles, outcome, told)
    outcome.seconds = perf_counter() - began
    return outcome


def plan(source: Lake, wanted: Wanted, at: Cut, reached: Cut) -> Plan:
    """What is left to flow into a lake that has reached a cut."""
    chosen = Cut({p: last for p, last in at.items() if wanted.feed in (None, p[0])})
    order = arrivals(source, chosen)
    first, last = _ends(source, wanted, chosen)
    known, runs = split(order, Cut(_later(first, reached)))
    return Plan(tuple(_upto(runs, last)), known, order)


def _ends(source: Lake, wanted: Wanted, at: Cut) -> tuple[Cut, Cut]:
    """Per place, the last offset before the wanted days, and the last on them."""
    if wanted.since is None and wanted.until is None:
        return Cut({}), at
    values = {"since": wanted.since or date.min, "until": wanted.until or date.max}
    with connect(source, tables=(RAW_MESSAGES,), at=at) as connection:
        rows = connection.execute(_WITHIN, values).fetchall()
    # A place that received nothing on those days is passed to its end, and never waited for.
    before = {(f, p): at[f, p] if first is None else first - 1 for f, p, first, _ in rows}
    return Cut(before), Cut({(f, p): last for f, p, _, last in rows if last is not None})


_WITHIN = """
select feed, "partition",
    min("offset") filter (received_date between $since and $until),
    max("offset") filter (received_date between $since and $until)
from raw_messages group by all
"""


def _later(one: Cut, other: Cut) -> dict[tuple[str, int], int]:
    return {place: max(one.get(place, -1), other.get(place, -1)) for place in {*one, *other}}


def _upto(runs: Sequence[Run], last: Cut) -> Sequence[Run]:
    """Runs up to the last message that is wanted; what was learnt before it comes along."""
    ends = [n for n, run in enumerate(runs) if run.first <= last.get(run.place, -1)]
    if not ends:
        return ()
    final = runs[ends[-1]]
    return [*runs[: ends[-1]], replace(final, last=min(final.last, last[final.place]))]


def _claim(source: Lake, target: Lake, wanted: Wanted) -> None:
    """Make the target this backfill's own; a lake of anything else is refused."""
    mark = target.root / MARKER
    mine = {"source": str(source.root), **wanted.to_json()}
    if mark.exists():
        if json.loads(mark.read_bytes()) != mine:
            msg = (
                f"the lake at {target.root} holds another backfill ({MARKER} says which):"
                " name a new directory"
            )
            raise BackfillError(msg)
        return
    if target.has(RAW_MESSAGES):
        msg = f"the lake at {target.root} holds messages of its own: name a new directory"
        raise BackfillError(msg)
    durable.replace(mark, json.dumps(mine).encode())


class _Flow:
    """One flow from lake to lake."""

    def __init__(
        self, source: Lake, target: Lake, knows: Lake, planned: Plan, options: Options
    ) -> None:
        self._source, self._target = source, target
        self._planned, self._options = planned, options
        self._recollection = Recollection(knows, planned.known, options.clock, planned.order)

    def to_end(
        self,
        profiles: Callable[[str], FeedProfile],
        outcome: Outcome,
        told: Callable[[int, int], None],
    ) -> None:
        """Flow until the last message is committed."""
        runs = self._planned.runs
        known: Profiles = {feed: profiles(feed) for feed in sorted({run.feed for run in runs})}
        places = sorted({run.place for run in runs})
        at = Cut({place: max(r.last for r in runs if r.place == place) for place in places})

        def committed(epoch: Epoch) -> None:
            outcome.count(epoch)
            told(outcome.messages, self._planned.messages)

        with Writer(self._target, committed) as writer:
            flow = clinical_flow(
                StoredSource(self._source, at, runs, self._options.batch),
                LakeSink(writer, places),
                profiles=known,
                open_admission=lambda feed: self._recollection.admission(known[feed]),
                open_shard=self._recollection.shard,
            )
            run_to_end(flow, self._options.epoch)
            writer.finish()
