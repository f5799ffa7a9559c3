"""Pairing at a clinical time: what was true of one thing when another was measured.

Here: for each span the newest partner at its clinical time, as it became known: a partner that is
told later, corrected or withdrawn changes the pair from then on. Not here: what a pair means.
"""

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.axis import Axis
from clinical.scoring.history import History
from clinical.scoring.windows import Spans, strongest
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]


def paired(history: History, base: Spans, partner: Spans, reach: int) -> tuple[Spans, Ints]:
    """Spans split by what was known of their partners, and the partner of each piece, or NONE.

    A partner is the last, in clinical time and then arrival, of those that are not after the span's
    row and at most `reach` before it.
    """
    order = np.lexsort((partner.learnt, partner.begins, partner.owner))
    partner = partner.take(order)
    which, place = _candidates(history, base, partner, reach)
    learnt = np.maximum(base.learnt[which], partner.learnt[place])
    gone = np.minimum(base.gone[which], partner.gone[place])
    real = learnt < gone
    which, place, learnt, gone = which[real], place[real], learnt[real], gone[real]
    # Where a pair begins or ends, a span may change its partner.
    size = len(history.stack)
    ends = np.minimum(base.gone, size)
    line = _line(np.arange(len(base)), base.learnt, size)
    cuts = np.concatenate([line, _line(which, learnt, size), _line(which, gone, size)])
    cuts = np.unique(cuts)
    piece, since = cuts // (size + 1), cuts % (size + 1)
    first, after = (np.searchsorted(cuts, _line(which, one, size)) for one in (learnt, gone))
    found = strongest(first, after, place + 1, len(cuts)) - 1
    until = np.append(since[1:], size)
    last = np.append(piece[1:] != piece[:-1], True) if len(piece) else np.zeros(0, np.bool_)
    until = np.where(last, ends[piece], until)
    there = since < until
    piece, since, until, found = piece[there], since[there], until[there], found[there]
    taken = base.take(piece)
    pieces = Spans(
        taken.row,
        taken.owner,
        taken.begins,
        taken.ends,
        since,
        np.where(until == ends[piece], taken.gone, until),
        taken.value,
    )
    return pieces, np.where(found == NONE, NONE, np.append(order, NONE)[found])


def _candidates(history: History, base: Spans, partner: Spans, reach: int) -> tuple[Ints, Ints]:
    """Every pair of a span and a partner near enough, by places."""
    at = history.stack["effective"][base.row]
    owners = int(max(base.owner.max(initial=-1), partner.owner.max(initial=-1))) + 1
    axis = Axis(partner.owner, partner.begins, owners)
    low, high = axis.first(base.owner, at - reach), axis.first(base.owner, at + 1)
    many = high - low
    which = np.repeat(np.arange(len(base)), many)
    place = np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many) + low[which]
    return which, place


def _line(which: Ints, arrival: Ints, size: int) -> Ints:
    """Spans and arrivals as one number; arrivals past the last are one."""
    return which * (size + 1) + np.minimum(arrival, size)
