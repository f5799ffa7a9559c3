"""The law of windows: worst, newest, sum and count of a stretch of time, at every point.

Here: a row is active at a point when it is known there (arrived, not withdrawn or replaced) and
`now - window < effective <= now`. It is active at a contiguous run of its owner's points (see
timeline.py), so that the strongest row at every point is one pass over a doubling table, and sums
and counts are differences. No loop over rows. Not here: what a value means.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.spans import Spans
from clinical.scoring.timeline import Timeline
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

__all__ = [
    "Spans",
    "best",
    "best_of_each",
    "count",
    "joined",
    "newest",
    "strongest",
    "told",
    "total",
]


def told(timeline: Timeline, concept: str, window: int) -> Spans:
    """The values of a concept, each active for `window` (microseconds), by clinical time."""
    return timeline.told(concept).lasting(window)


def joined(spans: Sequence[Spans]) -> Spans:
    """Spans of several kinds, each by clinical time and then arrival, as one."""
    spans = [one for one in spans if len(one)] or spans[:1]
    if len(spans) == 1:
        return spans[0]
    whole = Spans(
        *(np.concatenate([getattr(one, name) for one in spans]) for name in Spans.__slots__)
    )
    return whole.take(np.lexsort((whole.row, whole.begins)))


def best(timeline: Timeline, spans: Spans, *strength: Ints | Floats) -> Ints:
    """At each of the caller's points the strongest active span, or NONE.

    Strengths are given in order of importance; of equals the last in the order given is best.
    """
    if not len(spans):
        return np.full(len(timeline), NONE)
    order = np.lexsort(strength[::-1])
    rank = np.empty(len(spans), np.int64)
    rank[order] = np.arange(1, len(spans) + 1)
    first, after = _run(timeline, spans)
    found = strongest(first, after, rank, len(timeline))
    return timeline.scatter(np.concatenate([[NONE], order])[found])


def best_of_each(
    timeline: Timeline, kinds: Sequence[tuple[Spans, tuple[Ints | Floats, ...]]]
) -> list[Ints]:
    """`best` for several kinds of spans at once: small batches cost calls, not rows."""
    spans = [
        replace(one, owner=one.owner + place * timeline.owners)
        for place, (one, _) in enumerate(kinds)
    ]
    every = Spans(*(np.concatenate([getattr(s, name) for s in spans]) for name in Spans.__slots__))
    strength = [np.concatenate(one) for one in zip(*(keys for _, keys in kinds), strict=True)]
    found = best(timeline.repeated(len(kinds)), every, *strength).reshape(len(kinds), -1)
    before = np.cumsum([0, *(len(one) for one in spans)])
    return [
        np.where(one == NONE, NONE, one - done) for one, done in zip(found, before, strict=False)
    ]


def newest(timeline: Timeline, spans: Spans) -> Ints:
    """At each of the caller's points the active span that is last in the order given, or NONE."""
    if not len(spans):
        return np.full(len(timeline), NONE)
    first, after = _run(timeline, spans)
    found = strongest(first, after, np.arange(1, len(spans) + 1), len(timeline))
    return timeline.scatter(found - 1)


def total(timeline: Timeline, spans: Spans, amount: Ints) -> Ints:
    """At each of the caller's points the sum of whole amounts of the active spans."""
    if not len(spans):
        return np.zeros(len(timeline), np.int64)
    first, after = _run(timeline, spans)
    there = first < after
    change = np.zeros(len(timeline) + 1, np.int64)
    np.add.at(change, first[there], amount[there])
    np.subtract.at(change, after[there], amount[there])
    return timeline.scatter(np.cumsum(change)[:-1])


def count(timeline: Timeline, spans: Spans) -> Ints:
    """At each of the caller's points the number of active spans."""
    return total(timeline, spans, np.ones(len(spans), np.int64))


def _run(timeline: Timeline, spans: Spans) -> tuple[Ints, Ints]:
    return timeline.run(spans.owner, (spans.begins, spans.ends), (spans.learnt, spans.gone))


def strongest(first: Ints, after: Ints, rank: Ints, size: int) -> Ints:
    """At each of `size` places the highest rank among the intervals over it, or 0.

    An interval marks the two stretches of a power of two that cover it; marks then go down from
    each stretch to its halves.
    """
    there = first < after
    first, after, rank = first[there], after[there], rank[there]
    level = np.frexp(after - first)[1].astype(np.int64) - 1
    table = np.zeros((int(level.max(initial=0)) + 1, size), np.int64)
    np.maximum.at(table.ravel(), level * size + first, rank)
    np.maximum.at(table.ravel(), level * size + after - (1 << level), rank)
    for upper in range(len(table) - 1, 0, -1):
        half, marks = 1 << (upper - 1), table[upper]
        np.maximum(table[upper - 1], marks, out=table[upper - 1])
        np.maximum(table[upper - 1][half:], marks[:-half], out=table[upper - 1][half:])
    found: Ints = table[0]
    return found
