"""The elements that each feed was seen to send, written down once each.

Here: recording those that are new to the ledger, and reading it. Not here: who sees them, or what
counts as news (streaming/drift.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from lakehouse.batch.operations import FEED_ELEMENTS
from lakehouse.batch_reading import read_batch
from lakehouse.errors import LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry

_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """An element that a feed was seen to send, and the first place it was seen at."""

    element: str
    kind: str
    is_new: bool
    first_seen_at: datetime
    partition: int
    offset: int


def record_elements(lake: Lake, feed: str, found: Iterable[Seen]) -> Sequence[Seen]:
    """Record what a feed sends; return what was not recorded before.

    Raises:
        AppendError: It could not be stored; record it again.
    """
    given = {one.element: one for one in found}
    for attempt in range(_ATTEMPTS):
        rows = [row for row in elements(lake).to_pylist() if row["feed"] == feed]
        known = {row["element"] for row in rows}
        fresh = [one for one in given.values() if one.element not in known]
        if not fresh:
            return ()
        number = max((row["number"] for row in rows), default=0)
        table = _rows(feed, number, fresh)
        try:
            append_entry(lake, FEED_ELEMENTS, feed, number + len(fresh), table)
        except LedgerMovedError:
            # Another process of the stream recorded at this moment: read again what is left to say.
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return fresh
    return ()


def elements(lake: Lake) -> pa.Table:
    """Every recorded element, with the columns of FEED_ELEMENTS, by feed and number."""
    return read_batch(lake, FEED_ELEMENTS)


def news(lake: Lake, feed: str | None = None) -> list[dict[str, Any]]:
    """What feeds sent that they did not send before, the newest first."""
    found = [
        row
        for row in elements(lake).to_pylist()
        if row["is_new"] and (feed is None or row["feed"] == feed)
    ]
    return sorted(found, key=lambda row: (row["first_seen_at"], row["number"]), reverse=True)


def _rows(feed: str, number: int, fresh: Sequence[Seen]) -> pa.Table:
    rows = [
        {
            "number": number + place,
            "feed": feed,
            "element": one.element,
            "kind": one.kind,
            "is_new": one.is_new,
            "first_seen_at": one.first_seen_at,
            "partition": one.partition,
            "offset": one.offset,
        }
        for place, one in enumerate(fresh, start=1)
    ]
    return pa.Table.from_pylist(rows, FEED_ELEMENTS.schema)
