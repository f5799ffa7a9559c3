"""The points of a timeline moved back, each to a clinical time of its own.

Here: stretches of time that end at the newest value of a concept instead of at the clock (KDIGO:
the 48 hours before a creatinine). What is known stays that of the point. Not here: what the values
mean.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.timeline import Points, Timeline
from clinical.scoring.windows import Spans
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Anchored:
    """A timeline of the points that have such a time, and how to come back from it.

    Where a withdrawn value moves an owner's time back, the owner goes on as another one: time must
    rise along a timeline. `owner` has the true owner of each such piece, in order.
    """

    timeline: Timeline
    owner: Ints
    chosen: Ints
    size: int

    def spans(self, spans: Spans) -> Spans:
        """The same spans, for every piece of their owner."""
        first = np.searchsorted(self.owner, spans.owner, side="left")
        pieces = np.searchsorted(self.owner, spans.owner, side="right") - first
        which = np.repeat(np.arange(len(spans)), pieces)
        within = np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        return replace(spans.take(which), owner=first[which] + within)

    def places(self, found: Ints) -> Ints:
        """Places found at the anchored points, at the points they were made of; else NONE."""
        whole = np.full(self.size, NONE)
        whole[self.chosen] = found
        return whole


def anchored(timeline: Timeline, time: Ints, there: Bools) -> Anchored:
    """Move each point to a clinical time not after its own; points that are not `there` are left.

    Args:
        timeline: The points, and what is known at each.
        time: The clinical time of each point.
        there: Whether a point has one.
    """
    points, found = timeline.points, np.flatnonzero(there)
    order = np.lexsort((points.now[found], points.known[found], points.owner[found]))
    chosen = found[order]
    owner, at = points.owner[chosen], time[chosen]
    opens = np.ones(len(chosen), np.bool_)
    opens[1:] = (owner[1:] != owner[:-1]) | (at[1:] < at[:-1])
    piece = np.cumsum(opens) - 1
    moved = Timeline(timeline.history, Points(piece, points.known[chosen], at))
    return Anchored(moved, owner[opens], chosen, len(timeline))
