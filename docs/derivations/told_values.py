"""Values of others' data sets as signals: what a feed would have told of them.

Here: columns of (stay, concept, time, value) to signals and points that the engine takes, with no
message, code or unit on the way. Not here: what the columns of a data set mean
(labelled_cohorts.py, first_days.py).

Every stay has a patient of its own, who arrives in intensive care at one made-up moment. A value is
known at its own time, and one outside the plausible range of its concept is not told, as in
clinical/normalise/values.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.concepts import CONCEPTS
from clinical.normalise.signal_rows import PROVENANCE, SIGNALS
from clinical.scoring.grid import Grid, grid
from clinical.scoring.validity import MICROSECONDS_PER_HOUR

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MICROSECONDS = 1_000_000
_DAY = 24 * MICROSECONDS_PER_HOUR
_DAYS_A_YEAR = 365.25
# When every stay begins: any day would do.
BEGINS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * _MICROSECONDS


@dataclass(frozen=True, slots=True)
class Told:
    """Values of one concept: whose, how many hours after arrival, and in its canonical unit."""

    concept: str
    stay: Ints
    hours: Floats
    value: Floats

    @property
    def plausible(self) -> "Told":
        """The values that may be scored; none that is not known is among them."""
        concept = CONCEPTS[self.concept]
        low = -np.inf if concept.plausible_low is None else concept.plausible_low
        high = np.inf if concept.plausible_high is None else concept.plausible_high
        kept = (self.value >= low) & (self.value <= high)
        return Told(self.concept, self.stay[kept], self.hours[kept], self.value[kept])


def arrivals(age: Floats) -> list[Told]:
    """That each stay, numbered from 0, begins; and a date of birth where the age is known."""
    stay, known = np.arange(len(age)), ~np.isnan(age)
    born = BEGINS / _DAY - age[known] * _DAYS_A_YEAR
    return [
        Told("icu_admission", stay, np.zeros(len(stay)), np.ones(len(stay))),
        Told("birth_date", stay[known], np.zeros(int(known.sum())), np.floor(born)),
    ]


def grid_of(told: Sequence[Told], stay: Ints, hours: Floats) -> Grid:
    """All that was told by then, at points of stays and hours after arrival."""
    points = pa.table({"patient_id": _names(stay), "at": _moments(hours)})
    return grid(_signals([one.plausible for one in told]), points, "as known then")


def _signals(told: Sequence[Told]) -> pa.Table:
    concept = np.repeat([one.concept for one in told], [len(one.stay) for one in told])
    hours = np.concatenate([one.hours for one in told])
    order = np.argsort(hours, kind="stable")
    size, at = len(order), _moments(hours[order])
    place = np.arange(size)
    columns = {
        "facility": pa.repeat(pa.scalar("OTHER"), size),
        "patient_id": _names(np.concatenate([one.stay for one in told])[order]),
        "encounter_id": pa.nulls(size, pa.string()),
        "concept": pa.array(concept[order]),
        "effective_at": at,
        "value": pa.array(np.concatenate([one.value for one in told])[order]),
        "void": pa.repeat(pa.scalar(value=False), size),
        "signal_id": pa.array(place).cast(pa.string()),
        "written": pa.array(np.zeros(size, np.int64)),
        "feed": pa.repeat(pa.scalar("other"), size),
        "partition": pa.array(np.zeros(size, np.int32)),
        "offset": pa.array(place),
        "row": pa.array(np.zeros(size, np.int32)),
        "received_at": at,
        "message": pa.array(place.astype(np.int32)),
    }
    return pa.table(columns, schema=pa.schema([*SIGNALS, *PROVENANCE]))


def _names(stay: Ints) -> pa.Array:
    return pa.array(stay).cast(pa.string())


def _moments(hours: Floats) -> pa.Array:
    at = BEGINS + np.round(hours * MICROSECONDS_PER_HOUR).astype(np.int64)
    return pa.array(at).cast(pa.timestamp("us", tz="UTC"))
