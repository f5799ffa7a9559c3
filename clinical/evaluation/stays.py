"""Where patients lay, and when: stays on units, from encounter events.

Here: `unit_stays`. Not here: the unit of an alert, which the alert carries.

A visit's events count in the order in which they happened. Each that names another unit than the
one before begins a stay on it; a discharge ends it; a cancelled transfer or discharge is undone,
and a cancelled admission takes the visit away. A stay that nothing ends lasts until the end of the
period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from clinical.evaluation.occurrences import Ints
from clinical.evaluation.people import NOBODY, People

# What is read of encounter events.
READ = ("patient_id", "encounter_id", "event", "event_at", "received_at", "unit")
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
        events: Rows of `encounter_events`, with at least the columns READ.
        people: Who is numbered.
        until: When a stay ends that nothing ended (microseconds UTC).
    """
    rows = [] if events is None else _visits(events, people)
    found = [
        (visit[0], number, *stay)
        for number, (visit, told) in enumerate(groupby(rows, key=lambda row: row[:2]))
        for stay in _stays([row[3:] for row in told], until)
    ]
    columns = list(zip(*found, strict=True)) if found else [(), (), (), (), ()]
    patient, visit, begins, ends = (np.array(columns[place], np.int64) for place in (0, 1, 3, 4))
    return Stays(patient, visit, list(columns[2]), begins, ends)


def _visits(events: pa.Table, people: People) -> list[tuple[Any, ...]]:
    """Events as (patient, visit, time, event, unit), by visit and time."""
    number = people.numbers(events["patient_id"]).tolist()
    times = [_microseconds(events, name) for name in ("event_at", "received_at")]
    columns = (events[name].to_pylist() for name in ("encounter_id", "event", "unit"))
    rows = [
        (who, visit or "", at if at is not None else known, at or known, event, unit)
        for who, at, known, visit, event, unit in zip(number, *times, *columns, strict=True)
        if who != NOBODY
    ]
    return sorted(rows, key=lambda row: row[:3])


def _microseconds(events: pa.Table, name: str) -> list[int | None]:
    times: list[int | None] = events[name].cast(pa.int64()).to_pylist()
    return times


def _stays(
    events: Sequence[tuple[int, str, str | None]], until: int
) -> Iterator[tuple[str, int, int]]:
    """One visit's (unit, begin, end)."""
    moves: list[tuple[int, str]] = []
    ended: int | None = None
    for at, event, unit in events:
        match event:
            case "discharge":
                ended = at
            case "cancel_discharge":
                ended = None
            case "cancel_admit":
                moves, ended = [], None
            case "cancel_transfer":
                moves = moves[:-1] or moves
            case _ if unit and (not moves or moves[-1][1] != unit):
                moves.append((at, unit))
    end = until if ended is None else ended
    edges = [at for at, _ in moves[1:]] + [end]
    for (begin, unit), until_then in zip(moves, edges, strict=False):
        if begin < until_then:
            yield unit, begin, until_then
