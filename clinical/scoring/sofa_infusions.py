"""The catecholamines of SOFA over columns: which rates count, and what they are worth.

Here: rates per kg, the time in which each counts. Not here: runs (infusion_runs.py), bounds and
choices (clinical/scores/sofa.py).
"""

from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from clinical.scores.sofa import CATECHOLAMINES_ABOVE, INFUSION_HOURS, SofaChoices
from clinical.scoring.bounds import above, exact
from clinical.scoring.infusion_runs import Counted, Rate, Runs
from clinical.scoring.pairing import paired
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import FINEST, MICROSECONDS_PER_HOUR, UNLIMITED, hours
from clinical.scoring.versions import NEVER
from clinical.scoring.windows import Spans, joined, told
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]


def infusions(timeline: Timeline, choices: SofaChoices) -> tuple[Spans, Ints]:
    """Rates while they count, with their points; values as told."""
    found = [_counted(timeline, choices, drug) for drug in CATECHOLAMINES_ABOVE]
    spans, points = [one for one, _ in found if len(one)], [some for _, some in found]
    if not spans:
        return found[0]
    return Spans(
        *(np.concatenate([getattr(one, name) for one in spans]) for name in Spans.__slots__)
    ), np.concatenate(points)


def _counted(timeline: Timeline, choices: SofaChoices, drug: str) -> tuple[Spans, Ints]:
    rates, flows = told(timeline, f"{drug}_rate", 0), _per_kg(timeline, f"{drug}_flow")
    if not len(rates) and not len(flows):
        return rates, np.zeros(0, np.int64)
    rates = joined([rates, flows]) if len(flows) else rates
    runs = Runs(round(choices.infusion_minutes * 60_000_000), hours(INFUSION_HOURS))
    stretches = list(chain.from_iterable(_folded(rates, runs)))
    columns = np.array(stretches, np.int64).reshape(-1, len(Counted._fields))
    number, begins, ends, learnt, gone = columns.T
    taken = rates.take(number)
    points = above(CATECHOLAMINES_ABOVE[drug], taken.value)
    value = timeline.history.value[taken.row]
    spans = Spans(taken.row, taken.owner, begins, ends, learnt, gone, value)
    if choices.on_whole_hours:
        spans, points = _on_the_hour(spans, points)
    return replace(spans, ends=spans.ends + hours(choices.window_hours)), points


def _on_the_hour(spans: Spans, points: Ints) -> tuple[Spans, Ints]:
    """Stretches as whole hours see them: the first hour after the beginning, the last in it."""
    first = (spans.begins // MICROSECONDS_PER_HOUR + 1) * MICROSECONDS_PER_HOUR
    last = spans.ends // MICROSECONDS_PER_HOUR * MICROSECONDS_PER_HOUR
    seen = first <= last
    return replace(spans, begins=first, ends=last).take(seen), points[seen]


def _per_kg(timeline: Timeline, concept: str) -> Spans:
    """Rates in ug/min by the weight known; without one, the least rate that counts at all."""
    flows, weights = told(timeline, concept, 0), told(timeline, "weight", 0)
    if not len(flows):
        return flows
    pieces, at = paired(timeline.history, flows, weights, UNLIMITED)
    known = at != NONE
    value = np.where(pieces.value > 0, FINEST, 0.0)
    value[known] = pieces.value[known] / weights.value[at[known]]
    return replace(pieces, value=value)


def _folded(rates: Spans, runs: Runs) -> list[list[Counted]]:
    """The stretches of each patient's infusion."""
    by_owner = np.argsort(rates.owner, kind="stable")
    columns = (
        by_owner,
        rates.begins[by_owner],
        exact(rates.value[by_owner]),
        rates.learnt[by_owner],
        rates.gone[by_owner],
    )
    every = [Rate(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    starts = np.flatnonzero(np.diff(rates.owner[by_owner])) + 1
    edges = [0, *starts.tolist(), len(every)]
    return [list(runs.fold(every[low:high], NEVER)) for low, high in pairwise(edges)]
