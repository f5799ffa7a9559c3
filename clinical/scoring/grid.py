"""Scores at any points of time, not only when a message came: the law of the engine over a grid.

Here: whose values count at (patient, time) points, with all knowledge or as known then, and any
score there. Not here: rows of a table (hourly.py), the stream (engine.py).

A point sees values of clinical times up to its own. With knowledge "all" it sees what was ever told
of them, which is the record of truth; "as known then" only what had been received by its time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.scores.definition import Score
from clinical.scoring.axis import Axis
from clinical.scoring.columns import Assessed
from clinical.scoring.history import History
from clinical.scoring.laws import assess
from clinical.scoring.memory import CONCEPT_NAMES, Stack
from clinical.scoring.overruling import silence
from clinical.scoring.panel import Panel, concepts_read
from clinical.scoring.stacking import Stacking, times
from clinical.scoring.timeline import Points, Timeline
from clinical.scoring.validity import UNLIMITED
from clinical.scoring.windows import newest, told
from clinical.scoring.winners import NONE

Ints = NDArray[np.int64]
Knowledge = Literal["all", "as known then"]


@dataclass(frozen=True)
class Grid:
    """Points of patients' time, and all that was told of these patients."""

    patient: pa.Array
    timeline: Timeline
    origins: Sequence[tuple[str, int]]

    @property
    def stack(self) -> Stack:
        """All rows, in the order of arrival."""
        return self.timeline.history.stack

    @cached_property
    def panel(self) -> Panel:
        """The values that count at each point."""
        return Panel(self.timeline.history, self.timeline.points.now, self._newest)

    def assess(self, score: Score) -> Assessed:
        """A score at every point."""
        return assess(score, self.panel, self.timeline)

    def alone(self, score: Score) -> Assessed:
        """A score at every point, where nobody asks for others: only what it reads is looked up."""
        names = concepts_read((score,))
        history, now = self.timeline.history, self.timeline.points.now
        panel = Panel(history, now, self._newest, (names,))
        return assess(score, panel, self.timeline)

    def _newest(self, concepts: Ints) -> Ints:
        found = np.full((len(concepts), len(self.timeline)), NONE)
        for line, number in enumerate(concepts.tolist()):
            spans = told(self.timeline, CONCEPT_NAMES[number], UNLIMITED)
            if len(spans):
                place = newest(self.timeline, spans)
                found[line] = np.where(place == NONE, NONE, spans.row[place])
        return found


def grid(signals: pa.Table, points: pa.Table, knowledge: Knowledge) -> Grid:
    """A grid of points.

    Args:
        signals: SIGNALS with PROVENANCE, in the order in which they were learnt; identifiers that
            were merged already stand under the surviving one.
        points: Columns `patient_id` and `at` (timestamp, UTC).
        knowledge: What a point may know.
    """
    patients = points["patient_id"].combine_chunks()
    names = pc.unique(patients)
    whose = pc.index_in(signals["patient_id"].combine_chunks(), names)
    signals = signals.filter(pc.is_valid(whose))
    owner = whose.drop_null().to_numpy().astype(np.int64)
    mine = pc.index_in(patients, names).to_numpy().astype(np.int64)
    stacking = Stacking()
    rows, now = stacking.rows(signals), times(points["at"])
    silence(rows, owner)
    history = History(rows, owner)
    known = np.full(len(now), len(owner) - 1)
    if knowledge == "as known then":
        known = _known(owner, times(signals["received_at"]), mine, now)
    return Grid(patients, Timeline(history, Points(mine, known, now)), stacking.origins)


def _known(owner: Ints, received: Ints, mine: Ints, now: Ints) -> Ints:
    """The last row of each point's patient that had been received by then, in order of arrival."""
    order = np.argsort(owner, kind="stable")
    clock = received[order]
    begins = np.flatnonzero(np.diff(owner[order], prepend=-1))
    for first, after in zip(begins, [*begins[1:], len(order)], strict=True):
        np.maximum.accumulate(clock[first:after], out=clock[first:after])
    owners = int(max(owner.max(initial=-1), mine.max(initial=-1))) + 1
    axis = Axis(owner[order], clock, owners)
    place = axis.first(mine, now + 1) - 1
    return np.where(place >= axis.starts[mine], np.append(order, NONE)[place], NONE)
