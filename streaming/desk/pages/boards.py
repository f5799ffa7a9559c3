"""The board as values: what is open for a viewer, in order, and what lies below.

Here: one reading of the store for one page. Not here: the pages (board_pages.py), or what comes
after it (live/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from streaming.desk.case_rows import CaseRow
from streaming.desk.desk import Desk
from streaming.desk.pages.rows import row, tally
from streaming.desk.pages.surroundings import surroundings
from streaming.desk.pages.views import Row, Tally
from streaming.desk.scopes import Scope

# Rows on one page; more are work for the browser, and nobody reads that far down.
LIMIT: Final = 60
# What a wall has room for.
WALL_LIMIT: Final = 9


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit somebody may choose, and how many alerts are open there."""

    name: str
    open: int


@dataclass(frozen=True, slots=True)
class Board:
    """A board as it stood at a change of the store: what comes after has a higher number."""

    change: int
    rows: tuple[Row, ...]
    cases: tuple[CaseRow, ...]
    tally: Tally
    units: tuple[Unit, ...]
    below: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which board: of one unit or all, and behind which case it begins."""

    unit: str | None = None
    after: str | None = None
    limit: int = LIMIT


def board(desk: Desk, scope: Scope, wanted: Wanted, now: datetime) -> Board:
    """Read a board. The change is read first, so that nothing falls between it and the rows."""
    change = desk.cases.newest_change()
    cases = desk.cases.open(scope, unit=wanted.unit, limit=wanted.limit + 1, after=wanted.after)
    counts = desk.cases.counts(scope)
    shown = cases[: wanted.limit]
    told = tally(counts, wanted.unit)
    return Board(
        change=change,
        rows=rows_of(desk, shown, now),
        cases=tuple(shown),
        tally=told,
        units=_units(counts, scope),
        below=max(told.total - wanted.limit, 1) if len(cases) > wanted.limit else 0,
    )


def rows_of(desk: Desk, cases: Sequence[CaseRow], now: datetime) -> tuple[Row, ...]:
    """Cases as rows of a board."""
    around = surroundings(desk, cases, now)
    zone = zone_of(desk)
    return tuple(row(case, around[case.alert_id], now, zone) for case in cases)


def zone_of(desk: Desk) -> ZoneInfo:
    """The zone in which the hospital tells the time."""
    return ZoneInfo(desk.settings.hospital_zone)


def _units(counts: Mapping[str | None, Mapping[str, int]], scope: Scope) -> tuple[Unit, ...]:
    """Units with something open, and those that are the viewer's by name."""
    named = {name for name in counts if name is not None} | (scope.units or set())
    return tuple(Unit(name, sum(counts.get(name, {}).values())) for name in sorted(named))
