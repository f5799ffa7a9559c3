"""How many alerts reach a unit.

Here: alerts per 100 patient-days, and per shift. Not here: whether they were right
(performance.py).

* **Patient-days**: time that patients spent on the unit within the period, in days of 24 h.
* **Shift**: 12 hours from 07:00 or 19:00 by the hospital's clock, as intensive care commonly works
  (this project's choice). A shift counts when it overlaps the period and at least one patient
  was on the unit in it, also when no alert came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

SHIFT_BEGINS = (7, 19)
_DAY = 86_400_000_000
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Load:
    """Alerts of one unit: per 100 patient-days, and over its shifts."""

    alerts: int
    patient_days: float
    shifts: int
    mean: float | None
    p95: float | None
    highest: int | None

    @property
    def per_100_patient_days(self) -> float | None:
        """Alerts per 100 patient-days; not known without any."""
        return 100 * self.alerts / self.patient_days if self.patient_days else None


def shift_starts(first: int, last: int, zone: ZoneInfo) -> Ints:
    """Beginnings of all shifts that cover a period, and the end of the last one."""
    day = _moment(first).astimezone(zone).date() - timedelta(days=1)
    starts: list[int] = []
    while not starts or starts[-1] <= last:
        starts += [
            _instant(datetime(*day.timetuple()[:3], hour, tzinfo=zone)) for hour in SHIFT_BEGINS
        ]
        day += timedelta(days=1)
    known = np.array(starts, np.int64)
    begin = int(np.searchsorted(known, first, side="right")) - 1
    end = int(np.searchsorted(known, last, side="left"))
    return known[begin : end + 1]


def load(raised: Ints, begins: Ints, ends: Ints, shifts: Sequence[int] | Ints) -> Load:
    """The load of one unit.

    Args:
        raised: When its alerts were raised (microseconds UTC).
        begins: When each stay on it began, within the period.
        ends: When each ended.
        shifts: As `shift_starts` gives them.
    """
    edges = np.asarray(shifts, np.int64)
    counts = np.histogram(raised, edges)[0] if len(edges) > 1 else np.zeros(0, np.int64)
    counts = counts[_staffed(begins, ends, edges)]
    some = len(counts) > 0
    return Load(
        len(raised),
        float((ends - begins).sum() / _DAY),
        len(counts),
        float(counts.mean()) if some else None,
        float(np.quantile(counts, 0.95)) if some else None,
        int(counts.max()) if some else None,
    )


def _staffed(begins: Ints, ends: Ints, edges: Ints) -> NDArray[np.bool_]:
    """Shifts in which some stay lies, however short."""
    inside = np.zeros(len(edges), np.int64)
    first = np.searchsorted(edges, begins, side="right") - 1
    past = np.searchsorted(edges, ends, side="left")
    np.add.at(inside, np.clip(first, 0, len(edges) - 1), 1)
    np.add.at(inside, np.clip(np.maximum(past, first + 1), 0, len(edges) - 1), -1)
    present: NDArray[np.bool_] = np.cumsum(inside)[:-1] > 0
    return present


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
