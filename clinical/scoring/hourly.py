"""Rows of scores at the hours of patients' stays, or at any other points of time.

Here: the stored form of what a grid comes to. Not here: the law (grid.py).
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from clinical.scores.definition import Score
from clinical.scoring.engine import Scored
from clinical.scoring.grid import Knowledge, grid
from clinical.scoring.rows import assessed_columns
from clinical.scoring.stacking import times
from clinical.scoring.validity import MICROSECONDS_PER_HOUR

UTC = pa.timestamp("us", tz="UTC")


def hourly(
    signals: pa.Table, points: pa.Table, *, scores: Sequence[Score], knowledge: Knowledge
) -> pa.Table:
    """Every score at every point, also where nothing is known of it.

    Returns the columns of the `scores` table that a score itself has, with `patient_id` and `at`;
    grouped by score, in the order of the points. Arguments are those of `grid`.
    """
    found = grid(signals, points, knowledge)
    every = np.arange(len(found.timeline))
    scored = [Scored(every, found.assess(score)) for score in scores]
    rank = np.repeat(np.arange(len(scored)), len(every))
    at = np.tile(every, len(scored))
    columns = assessed_columns(found, scored, rank)
    told = {name: points[name].combine_chunks().take(pa.array(at)) for name in ("patient_id", "at")}
    return pa.table({**told, **columns})


def every_hour(stays: pa.Table) -> pa.Table:
    """Points at each whole hour of the clock after a stay began, up to the first after its end.

    Args:
        stays: Columns `patient_id`, `begins` and `ends` (timestamp, UTC).
    """
    begins, ends = times(stays["begins"]), times(stays["ends"])
    first = begins // MICROSECONDS_PER_HOUR + 1
    count = np.maximum(-(-ends // MICROSECONDS_PER_HOUR) - first + 1, 0)
    stay = np.repeat(np.arange(len(first)), count)
    hour = first[stay] + np.arange(len(stay)) - np.repeat(np.cumsum(count) - count, count)
    patient = stays["patient_id"].combine_chunks().take(pa.array(stay))
    at = pa.array(hour * MICROSECONDS_PER_HOUR).cast(UTC)
    return pa.table({"patient_id": patient, "at": at})
