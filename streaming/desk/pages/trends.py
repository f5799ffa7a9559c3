"""The small line beside an alert: a score over 24 hours.

Here: points of a drawing. Not here: which values there are (picture/), or how it looks (board.css).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from streaming.desk.pages.views import Trend

WIDTH, HEIGHT = 88.0, 36.0
HOURS = 24
# From 5 a ward answers urgently, from 7 at once (RCP 2017, NEWS2 chart 4); the line is drawn to 12,
# beyond which more height would flatten what matters.
MARKS = (5, 7)
_TOP = 12.0
_MARGIN = 3.0

Points = Sequence[tuple[datetime, float]]


def trend(points: Points, now: datetime, *, name: str = "NEWS2") -> Trend | None:
    """The line up to `now`; None where there is nothing to draw. Values hold until the next."""
    since = now - timedelta(hours=HOURS)
    inside = [(max(at, since), value) for at, value in points if at <= now]
    if not inside:
        return None
    drawn = list(_stairs(inside, since))
    end_x, end_y = drawn[-1]
    return Trend(
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in drawn),
        end_x=round(end_x, 1),
        end_y=round(end_y, 1),
        newest=f"{inside[-1][1]:g}",
        marks=tuple(_y(mark) for mark in MARKS),
        told=_told(inside, name),
    )


def _stairs(points: Points, since: datetime) -> "list[tuple[float, float]]":
    drawn: list[tuple[float, float]] = []
    for at, value in points:
        x = _x(at, since)
        if drawn:
            drawn.append((x, drawn[-1][1]))
        drawn.append((x, _y(value)))
    return drawn


def _x(at: datetime, since: datetime) -> float:
    return (at - since) / timedelta(hours=HOURS) * (WIDTH - _MARGIN)


def _y(value: float) -> float:
    share = min(max(value, 0.0), _TOP) / _TOP
    return round(HEIGHT - _MARGIN - share * (HEIGHT - 2 * _MARGIN), 1)


def _told(points: Points, name: str) -> str:
    values = [value for _, value in points]
    if len(values) == 1:
        return f"{name} {values[0]:g}, measured once in {HOURS} hours"
    return (
        f"{name} over {HOURS} hours: from {values[0]:g} to {values[-1]:g}, "
        f"highest {max(values):g}, lowest {min(values):g}"
    )
