"""Pairing at a clinical time: what was true of one thing when another was measured.

Here: for each span the newest partner at its clinical time, as it became known: a partner that is
told later, corrected or withdrawn changes the pair from then on. Not here: what a pair means.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinical.scoring.axis import Axis
from clinical.scoring.history import History
from clinical.scoring.spans import Spans
from clinical.scoring.windows import strongest
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]


def paired(history: History, base: Spans, partner: Spans, reach: int) -> tuple[Spans, Ints]:
    """Spans split by what was known of their partners, and the partner of each piece, or NONE.

    A partner is the last, in clinical time and then arrival, of those that are not after the span's
    row and at most `reach` before it.
    """
    if not len(base) or not len(partner):
        return base, np.full(len(base), NONE)
    order = np.lexsort((partner.row, partner.begins, partner.owner))
    partner = partner.take(order)
    low, high = _near(history, base, partner, reach)
    last = np.maximum(high - 1, 0)
    settled = (partner.learnt[last] <= base.learnt) & (partner.gone[last] >= base.gone)
    settled |= low == high
    found = np.where(low == high, NONE, order[last])
    if settled.all():
        return base, found
    rest = np.flatnonzero(~settled)
    pieces, of, at = _split(base.take(rest), partner, low[rest], high[rest], len(history.stack))
    kept = np.flatnonzero(settled)
    # In the order of the spans: what is later there is preferred among equals.
    by = np.argsort(np.concatenate([kept, rest[of]]), kind="stable")
    whole = Spans(
        *(
            np.concatenate([getattr(base, name)[kept], getattr(pieces, name)])[by]
            for name in Spans.__slots__
        )
    )
    told = np.where(at == NONE, NONE, order[at])
    return whole, np.concatenate([found[kept], told])[by]


def _near(history: History, base: Spans, partner: Spans, reach: int) -> tuple[Ints, Ints]:
    """The first of each span's candidates, and the one after the last."""
    at = history.stack["effective"][base.row]
    owners = int(max(base.owner.max(), partner.owner.max())) + 1
    axis = Axis(partner.owner, partner.begins, owners)
    return axis.first(base.owner, at - reach), axis.first(base.owner, at + 1)


def _split(
    base: Spans, partner: Spans, low: Ints, high: Ints, size: int
) -> tuple[Spans, Ints, Ints]:
    """Pieces of spans, the span of each, and its partner or NONE.

    Candidates are active over runs of the places at which any of them begins or ends to be known:
    the best of each place is found as that of a window is.
    """
    many = high - low
    which = np.repeat(np.arange(len(base)), many)
    place = np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many) + low[which]
    learnt = np.maximum(base.learnt[which], partner.learnt[place])
    gone = np.minimum(base.gone[which], partner.gone[place])
    real = learnt < gone
    which, place, learnt, gone = which[real], place[real], learnt[real], gone[real]
    opens = _line(np.arange(len(base)), base.learnt, size)
    cuts = np.unique(np.concatenate([opens, _line(which, learnt, size), _line(which, gone, size)]))
    of, since = cuts // (size + 1), cuts % (size + 1)
    first, after = (np.searchsorted(cuts, _line(which, one, size)) for one in (learnt, gone))
    found = strongest(first, after, place + 1, len(cuts)) - 1
    is_last = np.append(of[1:] != of[:-1], True)
    until = np.where(is_last, base.gone[of], np.append(since[1:], size))
    there = since < np.minimum(until, size)
    of, since, until, found = of[there], since[there], until[there], found[there]
    # The end of knowledge is a place past all others, as that of the span may be.
    until = np.where(until == np.minimum(base.gone[of], size), base.gone[of], until)
    return replace(base.take(of), learnt=since, gone=until), of, found


def _line(which: Ints, arrival: Ints, size: int) -> Ints:
    """Spans and arrivals as one number; arrivals past the last are one."""
    return which * (size + 1) + np.minimum(arrival, size)
