"""A paced replay follows the feed's clock, and no single wrong clock holds it up."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from streaming.batches import Messages
from streaming.pace import LONGEST_SLEEP, Pace

HOUR = 3_600_000_000
START = 1_767_571_200_000_000


def batch(*hours: float) -> Messages:
    """Messages received at the given hours."""
    at = pa.array([START + round(hour * HOUR) for hour in hours], pa.int64())
    raw = pa.array([b"x"] * len(hours), pa.binary())
    return Messages("f", 0, 0, at.cast(pa.timestamp("us", tz="UTC")), raw)


def released(pace: Pace, messages: Messages) -> int:
    ready, _ = pace.split(messages)
    return 0 if ready is None else len(ready.raw)


def test_without_a_speed_everything_is_due_at_once() -> None:
    assert released(Pace(), batch(0, 5, 900)) == 3


def test_what_lies_ahead_waits() -> None:
    ready, waiting = Pace(1.0).split(batch(0, 5, 9))
    assert ready is not None
    assert waiting is not None
    assert (len(ready.raw), len(waiting.raw), waiting.first_offset) == (1, 2, 1)


@pytest.mark.parametrize("hours", [(-490_000, 0, 0.0001, 0.0002, 5), (0, 9_000, 0.0001, 0.0002, 5)])
def test_one_wrong_clock_holds_nobody_up(hours: tuple[float, ...]) -> None:
    pace = Pace(3600.0 * 24)
    pace.split(batch(*hours))
    pace._began = (datetime.now(UTC) - timedelta(seconds=1), pace._began[1])  # noqa: SLF001
    assert released(pace, batch(*hours)) == 5


def test_the_engine_looks_up_often_enough_to_hear_an_interrupt() -> None:
    pace = Pace(1.0)
    _, waiting = pace.split(batch(0, 0.1, 500))
    assert waiting is not None
    assert pace.next_due(waiting) <= datetime.now(UTC) + LONGEST_SLEEP
