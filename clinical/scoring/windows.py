"""The law of windows: worst, newest, sum and count of a stretch of time, at every point.

Here: a row is active at a point when it is known there (arrived, not withdrawn or replaced) and
`now - window < effective <= now`. It is active at a contiguous run of its owner's points (see
timeline.py), so that the strongest row at every point is one pass over a doubling table, and sums
and counts are differences. No loop over rows. Not here: what a value means.
"""

from collections.abc import Sequence
from itertools import accumulate

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
    "newest_of_each",
    "strongest",
    "told",
    "total",
    "total_of_each",
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
    strength = [np.concatenate(one) for one in zip(*(keys for _, keys in kinds), strict=True)]
    order = np.lexsort(strength[::-1])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    found = _strongest_of_each(timeline, [spans for spans, _ in kinds], rank)
    place = np.concatenate([[NONE], order])[found]
    return _by_kind(timeline, [spans for spans, _ in kinds], place)


def newest_of_each(timeline: Timeline, kinds: Sequence[Spans]) -> list[Ints]:
    """`newest` for several kinds of spans at once."""
    rank = np.arange(1, sum(len(one) for one in kinds) + 1)
    return _by_kind(timeline, kinds, _strongest_of_each(timeline, kinds, rank) - 1)


def _strongest_of_each(timeline: Timeline, kinds: Sequence[Spans], rank: Ints) -> Ints:
    """The highest rank at each point, of one kind after the other."""
    first, after = _runs(timeline, kinds)
    return strongest(first, after, rank, len(kinds) * len(timeline))


def _runs(timeline: Timeline, kinds: Sequence[Spans]) -> tuple[Ints, Ints]:
    """Runs of points, of which every kind has its own: they stand one after the other."""
    every = Spans(*(np.concatenate([getattr(s, name) for s in kinds]) for name in Spans.__slots__))
    first, after = _run(timeline, every)
    mine = np.repeat(np.arange(len(kinds)) * len(timeline), [len(one) for one in kinds])
    return first + mine, after + mine


def _by_kind(timeline: Timeline, kinds: Sequence[Spans], found: Ints) -> list[Ints]:
    """Places among all spans as places among those of each kind, in the caller's order."""
    before = accumulate((len(one) for one in kinds), initial=0)
    return [
        timeline.scatter(np.where(one == NONE, NONE, one - done))
        for one, done in zip(found.reshape(len(kinds), -1), before, strict=False)
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
    return timeline.scatter(_summed(first, after, amount, len(timeline)))


def total_of_each(timeline: Timeline, kinds: Sequence[Spans], amount: Ints) -> list[Ints]:
    """`total` of the same amounts over several stretches of time at once."""
    first, after = _runs(timeline, kinds)
    found = _summed(first, after, np.tile(amount, len(kinds)), len(kinds) * len(timeline))
    return [timeline.scatter(one) for one in found.reshape(len(kinds), -1)]


def _summed(first: Ints, after: Ints, amount: Ints, size: int) -> Ints:
    """The sum, at each of `size` places, of the intervals over it."""
    there = first < after
    change = np.zeros(size + 1, np.int64)
    np.add.at(change, first[there], amount[there])
    np.subtract.at(change, after[there], amount[there])
    summed: Ints = np.cumsum(change)[:-1]
    return summed


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
