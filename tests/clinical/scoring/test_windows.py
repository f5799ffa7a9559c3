"""A window sees every value that is known and young enough: the law over columns and by hand."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.scoring.history import History
from clinical.scoring.memory import CONCEPT_NUMBER, ROW, Stack
from clinical.scoring.timeline import Points, Timeline
from clinical.scoring.windows import best, count, newest, told, total

WINDOW, LAG = 5, 3
MAP = CONCEPT_NUMBER["mean_bp"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: whose, when, what, and which fact it is a version of."""

    owner: int
    effective: int
    value: int
    signal: int
    void: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One point: whose rows, how many of all rows have arrived, and the clock."""

    owner: int
    known: int
    now: int


rows = st.lists(
    st.builds(
        Row,
        owner=st.integers(0, 2),
        effective=st.integers(-10, 40),
        value=st.integers(0, 4),
        signal=st.integers(0, 5),
        void=st.sampled_from([False, False, False, True]),
    ),
    max_size=30,
)
steps = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=25
)


def _points(moves: list[tuple[int, int, int]], size: int) -> list[Point]:
    """Points along which what is known, and the clock, only rise."""
    known, now, found = -1, 0, []
    for owner, learnt, later in moves:
        known, now = min(known + learnt, size - 1), now + later
        found.append(Point(owner, known, now))
    return found[::-1]


def _stack(told_rows: list[Row]) -> Stack:
    stack = np.zeros(len(told_rows), ROW)
    for name in ("effective", "value", "signal", "void"):
        stack[name] = [getattr(row, name) for row in told_rows]
    stack["concept"] = MAP
    return stack


def _timeline(told_rows: list[Row], points: list[Point]) -> Timeline:
    owner = np.array([row.owner for row in told_rows], np.int64)
    columns = (
        np.array([getattr(point, name) for point in points], np.int64)
        for name in ("owner", "known", "now")
    )
    return Timeline(History(_stack(told_rows), owner), Points(*columns))


def _active(told_rows: list[Row], point: Point, lag: int) -> list[int]:
    """The rows of a window by hand: the last version of each fact, unless it is a withdrawal."""
    versions = {}
    for place, row in enumerate(told_rows[: point.known + 1]):
        if row.owner == point.owner:
            versions[row.signal] = place
    young = range(point.now - lag - WINDOW + 1, point.now - lag + 1)
    return sorted(
        (p for p in versions.values() if not told_rows[p].void and told_rows[p].effective in young),
        key=lambda place: (told_rows[place].effective, place),
    )


@settings(max_examples=100, deadline=None)
@given(rows, steps, st.sampled_from([0, LAG]))
def test_windows_over_columns_see_what_they_see_by_hand(
    told_rows: list[Row], moves: list[tuple[int, int, int]], lag: int
) -> None:
    points = _points(moves, len(told_rows))
    timeline = _timeline(told_rows, points)
    spans = told(timeline, "mean_bp", WINDOW).lasting(WINDOW, lag)
    amount = spans.value.astype(np.int64)
    active = [_active(told_rows, point, lag) for point in points]
    by_value = [sorted(one, key=lambda p: told_rows[p].value)[-1:] for one in active]
    assert _rows(spans.row, best(timeline, spans, spans.value)) == by_value
    assert _rows(spans.row, newest(timeline, spans)) == [one[-1:] for one in active]
    assert count(timeline, spans).tolist() == [len(one) for one in active]
    sums = [sum(told_rows[place].value for place in one) for one in active]
    assert total(timeline, spans, amount).tolist() == sums


def _rows(row: np.ndarray, place: np.ndarray) -> list[list[int]]:
    return [[] if at < 0 else [int(row[at])] for at in place.tolist()]
