"""The 2am job runs at 2am local time, on every night of the year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.detection.batch_clock import BatchClock

LONDON = BatchClock(ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    ("known_at", "run_at"),
    [
        ("2026-01-05T23:00", "2026-01-06T02:00"),
        ("2026-01-06T01:59", "2026-01-06T02:00"),
        ("2026-01-06T02:00", "2026-01-07T02:00"),
        ("2026-07-01T22:30", "2026-07-02T01:00"),  # British summer time is an hour ahead
        ("2026-03-29T00:30", "2026-03-29T01:00"),  # clocks go from 01:00 to 02:00
        ("2026-10-25T00:30", "2026-10-25T02:00"),  # 01:00 comes twice, 02:00 once
    ],
)
def test_the_next_run_is_at_two_by_the_hospitals_clock(known_at: str, run_at: str) -> None:
    found = LONDON.next_after(datetime.fromisoformat(known_at).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(run_at).replace(tzinfo=UTC)


def test_in_new_york_the_missing_hour_is_made_up() -> None:
    night = BatchClock(ZoneInfo("America/New_York"))
    found = night.next_after(datetime(2026, 3, 8, 6, 0, tzinfo=UTC))  # 01:00 local
    assert found == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # 03:00 local, an hour later


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_the_next_run_is_later_and_within_twenty_five_hours(known_at: datetime) -> None:
    moment = known_at.replace(tzinfo=UTC)
    ahead = LONDON.next_after(moment) - moment
    assert timedelta(0) < ahead <= timedelta(hours=25)
