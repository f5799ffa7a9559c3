"""Losses: runs of offsets whose messages no inbox can give any more, written down.

Here: recording a run once, however often it is noticed, and reading what is recorded. Not here: who
notices (the inboxes' tails), or the alarm (alarms.py).

A loss is recorded before any message beyond it is passed on: the cut never moves over a gap that
nobody wrote down.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import pyarrow as pa

from lakehouse.batch.operations import LOSS_REASONS, LOSSES
from lakehouse.batch_reading import read_batch
from lakehouse.cuts import Cut, Place
from lakehouse.errors import LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry

# First and last offset, both lost.
Run = tuple[int, int]
# Offsets that a broker gave to no message at all are written down like losses, and are none.
NO_MESSAGE = "no_message"
_ATTEMPTS = 5


def losses(lake: Lake) -> pa.Table:
    """Every recorded run, with the columns of LOSSES, by feed, partition and number."""
    return read_batch(lake, LOSSES)


def record_loss(  # noqa: PLR0917 one run, as the ledger's columns name it
    lake: Lake, feed: str, partition: int, first: int, last: int, reason: str, now: datetime
) -> int:
    """Record that the offsets from `first` to `last` are lost; return how many that newly are.

    Raises:
        AppendError: It could not be stored; record it again.
    """
    return record_losses(lake, feed, partition, [(first, last)], reason, now)


def record_losses(  # noqa: PLR0917 as `record_loss`
    lake: Lake, feed: str, partition: int, runs: Iterable[Run], reason: str, now: datetime
) -> int:
    """Record several runs of one partition with one commit; return how many offsets are new.

    Raises:
        ValueError: The reason is none of LOSS_REASONS.
        AppendError: They could not be stored; record them again.
    """
    if reason not in LOSS_REASONS:
        msg = f"{reason!r} is no reason of a loss; known are {LOSS_REASONS}"
        raise ValueError(msg)
    given = list(runs)
    for attempt in range(_ATTEMPTS):
        known = _of(losses(lake), feed, partition)
        fresh: list[Run] = []
        for run in given:
            fresh += _without(run, [*known, *fresh])
        if not fresh:
            return 0
        number = len(known)
        rows = _rows(feed, partition, number, fresh, reason, now)
        try:
            append_entry(lake, LOSSES, f"{feed}/{partition}", number + len(fresh), rows)
        except LedgerMovedError:
            # Another process recorded at this moment: what is left to say is read anew.
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return sum(last - first + 1 for first, last in fresh)
    return 0


def lost(lake: Lake, at: Cut) -> Counter[str]:
    """Messages of each feed that are lost, up to a cut."""
    return _counted(lake, at, of_messages=True)


def unused(lake: Lake, at: Cut) -> Counter[str]:
    """Offsets of each feed that no message ever had, up to a cut."""
    return _counted(lake, at, of_messages=False)


def _counted(lake: Lake, at: Cut, *, of_messages: bool) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in losses(lake).to_pylist():
        reached = min(row["last_offset"], at.next_offset(row["feed"], row["partition"]) - 1)
        if (row["reason"] != NO_MESSAGE) == of_messages and reached >= row["first_offset"]:
            found[row["feed"]] += reached - row["first_offset"] + 1
    return found


def recorded(lake: Lake, place: Place) -> list[Run]:
    """The runs that are recorded of one partition, in the order of their offsets."""
    return sorted(_of(losses(lake), *place))


def _of(rows: pa.Table, feed: str, partition: int) -> list[Run]:
    return [
        (row["first_offset"], row["last_offset"])
        for row in rows.to_pylist()
        if (row["feed"], row["partition"]) == (feed, partition)
    ]


def _without(run: Run, known: Sequence[Run]) -> list[Run]:
    """What of a run lies in none of those that are known; these do not overlap."""
    left, (first, last) = [], run
    for begin, end in sorted(known):
        if first < begin <= last:
            left.append((first, begin - 1))
        if begin <= last and end >= first:
            first = end + 1
    return [*left, (first, last)] if first <= last else left


def _rows(  # noqa: PLR0917 the ledger's columns
    feed: str, partition: int, number: int, runs: Sequence[Run], reason: str, now: datetime
) -> pa.Table:
    rows = [
        {
            "number": number + place,
            "feed": feed,
            "partition": partition,
            "first_offset": first,
            "last_offset": last,
            "reason": reason,
            "noticed_at": now,
        }
        for place, (first, last) in enumerate(runs, start=1)
    ]
    return pa.Table.from_pylist(rows, LOSSES.schema)
