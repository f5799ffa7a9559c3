"""Where patients lay, and when: stays on units, from encounter events.

Here: `unit_stays`. Not here: the unit of an alert, which the alert carries, or where a visit was
(clinical/encounters/timeline.py), of which these are the units, one stay as long as it is one unit.
A stay that nothing ends lasts until the end of the period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from clinical.encounters.timeline import Visit, visit
from clinical.encounters.told import Told
from clinical.evaluation.occurrences import Ints
from clinical.evaluation.people import NOBODY, People

UNKNOWN_UNIT = "unknown"


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays on units, one row each, by visit and time; `visit` numbers the visits."""

    patient: Ints
    visit: Ints
    unit: Sequence[str]
    begins: Ints
    ends: Ints

    def within(self, first: int, last: int) -> "Stays":
        """What of the stays lies within a period."""
        begins, ends = np.maximum(self.begins, first), np.minimum(self.ends, last)
        kept = np.flatnonzero(begins < ends)
        units = [self.unit[place] for place in kept.tolist()]
        return Stays(self.patient[kept], self.visit[kept], units, begins[kept], ends[kept])


def unit_stays(events: pa.Table | None, people: People, until: int) -> Stays:
    """Stays on units, from encounter events in order of arrival.

    Args:
        events: Rows of `encounter_events`.
        people: Who is numbered.
        until: When a stay ends that nothing ended (microseconds UTC).
    """
    rows = [] if events is None else _visits(events, people)
    found = [
        (whose[0], number, *stay)
        for number, (whose, told) in enumerate(groupby(rows, key=lambda row: row[:2]))
        for stay in _units(visit(one for _, _, one in told), until)
    ]
    columns = list(zip(*found, strict=True)) if found else [(), (), (), (), ()]
    patient, number, begins, ends = (np.array(columns[place], np.int64) for place in (0, 1, 3, 4))
    return Stays(patient, number, list(columns[2]), begins, ends)


def _visits(events: pa.Table, people: People) -> list[tuple[int, str, Told]]:
    """Events with their patient's number and their visit, visit by visit."""
    number = people.numbers(events["patient_id"]).tolist()
    rows = [
        (who, row["encounter_id"] or "", Told.of(row))
        for who, row in zip(number, events.to_pylist(), strict=True)
        if who != NOBODY
    ]
    return sorted(rows, key=lambda row: row[:2])


def _units(found: Visit, until: int) -> Iterator[tuple[str, int, int]]:
    """One visit's (unit, begin, end)."""
    lain = [
        (stay.place.unit, stay.begins, until if stay.ends is None else stay.ends)
        for stay in found.stays
        if stay.place and stay.place.unit
    ]
    while lain:
        unit, begins, ends = lain.pop(0)
        while lain and lain[0][:2] == (unit, ends):
            ends = lain.pop(0)[2]
        if begins < ends:
            yield unit, begins, ends
