"""The lowest a score was within a stretch of time, by what is known now.

Here: the sets of values a patient had at every clinical time at which one was measured, and the
lowest of them that can be held against the set of now. Not here: what a rise means
(deterioration.py).

A set is held against one of now only where it knows at least the parameters that are known now: a
parameter that is missing counts as 0 points, and a total must not seem to rise because somebody
measured more. A fact that is told late, corrected or withdrawn changes the sets of the times it
counted at: each set holds from the moment at which it was so known until it was known otherwise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clinical.detection.past import score_at
from clinical.scores.definition import PointScore
from clinical.scoring.axis import Axis
from clinical.scoring.columns import Assessed
from clinical.scoring.engine import Moments
from clinical.scoring.inputs import concepts_of
from clinical.scoring.memory import LOOKBACK_BY_NUMBER
from clinical.scoring.timeline import Points
from clinical.scoring.versions import NEVER
from clinical.scoring.windows import Spans, best
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def lowest(
    moments: Moments, score: PointScore, asked: Points, knows: Ints, window: int
) -> tuple[Ints, NDArray[np.float64]]:
    """For each point asked, the lowest set it can be held against: clinical time, and total.

    Without any the time is NONE and the total NaN.

    Args:
        moments: The batch.
        score: What is compared.
        asked: Points of the moments.
        knows: Which parameters each point knows, as `known_parameters` tells it.
        window: How far back a set may lie, in microseconds.
    """
    sets, gone = _sets(moments, score, asked, window)
    if not len(sets.now):
        return np.full(len(asked.now), NONE), np.full(len(asked.now), np.nan)
    was = score_at(moments, score, sets)
    row = np.arange(len(gone))
    ends = sets.now + window
    spans = Spans(row, sets.owner, sets.now, ends, sets.known, gone, was.observed)
    place = _comparable(moments, spans, known_parameters(was), asked, knows)
    none = place == NONE
    return np.where(none, NONE, sets.now[place]), np.where(none, np.nan, was.observed[place])


def known_parameters(assessed: Assessed) -> Ints:
    """Which parameters are known, a bit each; none where the score does not speak."""
    bits = [part.known.astype(np.int64) << place for place, part in enumerate(assessed.components)]
    return np.where(np.isnan(assessed.observed), 0, np.bitwise_or.reduce(bits))


def _comparable(moments: Moments, spans: Spans, knew: Ints, asked: Points, knows: Ints) -> Ints:
    """The lowest set at each point among those that knew all that the point knows."""
    found = np.full(len(knows), NONE)
    for known in np.unique(knows).tolist():
        mine, sets = knows == known, np.flatnonzero((knew & known == known) & (knew > 0))
        if not len(sets):
            continue
        points = Points(asked.owner[mine], asked.known[mine], asked.now[mine])
        chosen = spans.take(sets)
        place = best(moments.timeline.at(points), chosen, -chosen.value)
        found[mine] = np.where(place == NONE, NONE, sets[place])
    return found


@dataclass(frozen=True, slots=True)
class _Changes:
    """Facts that came or went: whose, from when until when they counted, and who saw it first.

    `seen` is a place among the points asked, by owner and knowledge.
    """

    owner: Ints
    effective: Ints
    until: Ints
    seen: Ints

    def take(self, chosen: Ints | Bools) -> "_Changes":
        return _Changes(*(getattr(self, name)[chosen] for name in _Changes.__slots__))


def _sets(moments: Moments, score: PointScore, asked: Points, window: int) -> tuple[Points, Ints]:
    """Points at which a patient's set is looked at, and the knowledge that ends what it was."""
    order = np.lexsort((asked.known, asked.owner))
    owner, known = asked.owner[order], asked.known[order]
    owners = int(max(owner.max(), moments.timeline.history.owner.max())) + 1
    changes = _changes(moments, score, Axis(owner, known, owners))
    oldest = np.full(owners, NEVER)
    np.minimum.at(oldest, asked.owner, asked.now - window)
    times = _times(changes.take(changes.effective > oldest[changes.owner]))
    place, seen = _pairs(changes, times, owners)
    gone = np.full(len(place), NEVER)
    again = np.flatnonzero(place[1:] == place[:-1])
    gone[again] = known[seen[again + 1]]
    return Points(times.owner[place], known[seen], times.effective[place]), gone


def _changes(moments: Moments, score: PointScore, axis: Axis) -> _Changes:
    """Each coming and going of a value of the score's inputs that some point asked knows of."""
    history = moments.timeline.history
    row = history.rows(*dict.fromkeys(c for name in score.depends_on for c in concepts_of(name)))
    gone = history.gone(row)
    went = gone != NEVER
    arrival, row = np.concatenate([row, gone[went]]), np.concatenate([row, row[went]])
    owner, effective = history.owner[row], history.stack["effective"][row]
    until = effective + LOOKBACK_BY_NUMBER[history.stack["concept"][row]]
    seen = axis.first(owner, arrival)
    return _Changes(owner, effective, until, seen).take(seen < axis.starts[owner + 1])


def _times(changes: _Changes) -> _Changes:
    """The distinct times of each owner, as first seen."""
    order = np.lexsort((changes.seen, changes.effective, changes.owner))
    sorted_ = changes.take(order)
    opens = np.ones(len(order), np.bool_)
    opens[1:] = (np.diff(sorted_.owner) != 0) | (np.diff(sorted_.effective) != 0)
    return sorted_.take(opens)


def _pairs(changes: _Changes, times: _Changes, owners: int) -> tuple[Ints, Ints]:
    """Each time with every point's place from which on its set may be another, in order.

    Facts mostly come in the order of their times, and then touch no time seen before.
    """
    if not len(times.owner):
        return times.owner, times.seen
    axis = Axis(times.owner, times.effective, owners)
    first = axis.first(changes.owner, changes.effective)
    after = axis.first(changes.owner, changes.until + 1)
    # The points are in the order of owners, so that another owner's are never the least.
    earliest = np.append(np.minimum.accumulate(times.seen[::-1])[::-1], NEVER)
    late = np.flatnonzero((first < after) & (earliest[first] < changes.seen))
    length = (after - first)[late]
    place = np.repeat(first[late] - np.cumsum(length) + length, length) + np.arange(length.sum())
    seen = np.repeat(changes.seen[late], length)
    known = times.seen[place] < seen
    place = np.concatenate([np.arange(len(times.owner)), place[known]])
    seen = np.concatenate([times.seen, seen[known]])
    size = int(seen.max()) + 1
    key = np.unique(place * size + seen)
    return key // size, key % size
