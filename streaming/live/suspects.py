"""Suspects: messages on which the fold failed, until it is known which one it was.

Here: a small file in the lake that survives the process that failed, and what a source makes of it.
Not here: the failure (streaming/bearing.py).

A fold that raised cannot be asked again, so each start narrows the place down by one step: it
releases the messages named in pieces, then one by one, and then quarantines the one that fails.
Three starts find one message among 10,000.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import durable
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from streaming import poison
from streaming.batches import Messages
from streaming.logs import log

NAME: Final = "suspects.json"
# So many messages are released one by one at once.
FEW: Final = 100


class Suspects:
    """What earlier processes left, beyond the cut."""

    def __init__(self, lake: Lake, at: Cut) -> None:
        """Read what there is; what the cut has passed is forgotten."""
        self._path = lake.root / NAME
        self._spans = {
            place: span
            for place, span in _read(self._path).items()
            if span[1] > _reached(at, place)
        }

    def add(self, place: str, first: int, last: int) -> None:
        """Remember, across the end of this process, where a fold failed."""
        spans = {**self._spans, place: (first, last)}
        durable.replace(self._path, json.dumps(spans).encode())

    def pieces(self, messages: Messages) -> Iterator[Messages]:
        """A batch as it may be released: suspects apart from each other and from the others."""
        first, last = self._spans.get(messages.place, (0, -1))
        start, end = first - messages.first_offset, last + 1 - messages.first_offset
        low, high = max(0, start), min(len(messages.raw), end)
        if low >= high:
            yield messages
            return
        if first == last:
            yield _quarantined(messages, low)
            return
        step = 1 if last - first < FEW else math.isqrt(last - first) + 1
        bounds = sorted({0, *range(low, high, step), high, len(messages.raw)})
        for begin, upto in pairwise(bounds):
            yield messages.slice(begin, upto)


def _quarantined(messages: Messages, which: int) -> Messages:
    flags = np.zeros(len(messages.raw), np.bool_)
    flags[which] = True
    before = messages.rejects
    if before is None:
        before = pa.nulls(len(messages.raw), pa.string())
    log().error(
        "message_quarantined",
        feed=messages.feed,
        partition=messages.partition,
        offset=messages.first_offset + which,
        reason=poison.REASON,
    )
    return replace(messages, rejects=pc.if_else(pa.array(flags), poison.REASON, before))


def _reached(at: Cut, place: str) -> int:
    feed, _, partition = place.rpartition("/")
    return at.next_offset(feed, int(partition)) - 1


def _read(path: Path) -> dict[str, tuple[int, int]]:
    try:
        return {place: (span[0], span[1]) for place, span in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
