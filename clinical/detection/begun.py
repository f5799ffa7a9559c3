"""What has begun by a moment, though later ones are told already.

Here: the newest fact of a concept that is not dated ahead of the patient's clock, and one of two
readings at each moment. Not here: what they mean.

Orders are told ahead of their start, and an infusion's end is told with its start: the newest fact
is then one that has not happened yet, and must not hide the one that holds.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS, round_half_up
from clinical.detection.past import newest_value, points_of
from clinical.scoring.engine import Moments
from clinical.scoring.panel import NEVER, Readings
from clinical.scoring.winners import NONE


def begun(moments: Moments, concept: str) -> Readings:
    """Readings of a concept as of each moment's own time; at most its look-back old."""
    told = moments.panel[concept]
    ahead = np.flatnonzero(told.current & (told.effective > moments.now))
    if not len(ahead):
        return told
    row = newest_value(moments.timeline.history, concept, points_of(moments, ahead))
    known, stack = row != NONE, moments.stack
    value = round_half_up(stack["value"][row], CONCEPTS[concept].precision)
    effective = np.where(known, stack["effective"][row], NEVER)
    found = replace(
        told,
        current=told.current.copy(),
        value=told.value.copy(),
        effective=told.effective.copy(),
        row=told.row.copy(),
    )
    found.current[ahead], found.row[ahead] = known, row
    found.value[ahead], found.effective[ahead] = np.where(known, value, np.nan), effective
    return found


def chosen(first: NDArray[np.bool_], one: Readings, other: Readings) -> Readings:
    """The first readings where they are chosen, else the other."""
    if one is other:
        return one
    pairs = ((getattr(one, name), getattr(other, name)) for name in Readings.__slots__)
    return Readings(*(np.where(first, mine, theirs) for mine, theirs in pairs))
