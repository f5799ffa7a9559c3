"""The GCS of SOFA over columns: totals as charted, sums of parts, and what a tube makes of them.

Here: each total that could be told. Not here: bounds and choices.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinical.scores.sofa import (
    LAST_TESTABLE_HOURS,
    NORMAL_GCS,
    UNTESTABLE_VERBAL,
    SofaChoices,
)
from clinical.scoring.columns import Component
from clinical.scoring.inputs import GCS_FROM_PARTS
from clinical.scoring.memory import CONCEPT_NUMBER
from clinical.scoring.pairing import paired
from clinical.scoring.panel import number_of
from clinical.scoring.timeline import Timeline
from clinical.scoring.validity import hours
from clinical.scoring.windows import Spans, joined, told
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_VERBAL = "gcs_verbal"


def totals(timeline: Timeline, choices: SofaChoices) -> Spans:
    """Every total while it stands in the window."""
    charted = told(timeline, "gcs_total", hours(choices.window_hours))
    summed, is_untestable = _sums(timeline, choices)
    sure = joined([charted, summed.take(~is_untestable)])
    if not is_untestable.any():
        return sure
    return joined([sure, _stand_ins(timeline, choices, summed.take(is_untestable), sure)])


def named(part: tuple[Component, Ints]) -> tuple[Component, Ints]:
    """The parameter, saying of sums that they are sums."""
    (told_of, points), reading = part, part[0].reading
    is_sum = told_of.known & (reading.concept != CONCEPT_NUMBER["gcs_total"])
    concept = np.where(is_sum, number_of(GCS_FROM_PARTS), reading.concept)
    return replace(told_of, reading=replace(reading, concept=concept)), points


def _sums(timeline: Timeline, choices: SofaChoices) -> tuple[Spans, Bools]:
    """At each part, the sum with the other parts of its time; and where a tube forbids it."""
    window, reach = hours(choices.window_hours), round(choices.gcs_minutes * 60_000_000)
    parts = {name: told(timeline, name, window) for name in NORMAL_GCS}
    untestable = told(timeline, UNTESTABLE_VERBAL, window)
    if len(untestable):
        untestable = untestable.take(untestable.value > 0)
        # Scales begin at 1: 0 stands for what could not be tested.
        untestable = replace(untestable, value=np.zeros(len(untestable)))
        parts[_VERBAL] = joined([parts[_VERBAL], untestable])
    base = joined(list(parts.values()))
    if not len(base):
        return base, np.zeros(0, np.bool_)
    base = replace(base, value=np.zeros(len(base)))
    is_untestable = np.zeros(len(base), np.bool_)
    # Verbal comes last: pairing splits spans, and what is known of each piece must not be lost.
    for name in sorted(NORMAL_GCS, key=lambda name: name == _VERBAL):
        base, at = paired(timeline.history, base, parts[name], reach)
        there = at != NONE
        answer = np.full(
            len(base), float(NORMAL_GCS[name]) if choices.takes_unknown_part_for_normal else np.nan
        )
        answer[there] = parts[name].value[at[there]]
        is_untestable = answer == 0
        base = replace(base, value=base.value + answer)
    told_of = ~np.isnan(base.value) | is_untestable
    return base.take(told_of), is_untestable[told_of]


def _stand_ins(timeline: Timeline, choices: SofaChoices, untested: Spans, sure: Spans) -> Spans:
    """What stands for totals that could not be tested."""
    if choices.untestable == "impute_15":
        return replace(untested, value=np.full(len(untested), float(sum(NORMAL_GCS.values()))))
    if choices.untestable == "null":
        return untested.take(np.zeros(len(untested), np.bool_))
    pieces, at = paired(timeline.history, untested, sure, hours(LAST_TESTABLE_HOURS))
    pieces, at = pieces.take(at != NONE), at[at != NONE]
    return replace(pieces, row=sure.row[at], value=sure.value[at])
