"""Ages and countdowns as a person reads them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.desk.pages import times

NOW = datetime(2026, 1, 24, 2, 13, 5, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under 1 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
        (-30, "under 1 min"),
    ],
)
def test_age_is_told_on_both_sides_of_each_edge(seconds, said):
    assert times.age(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (252, "4:12"),
        (60, "1:00"),
        (59, "0:59"),
        (3852, "1:04:12"),
        (0, "a moment"),
        (-9, "a moment"),
    ],
)
def test_countdown_is_told_in_minutes_and_seconds(seconds, said):
    assert times.countdown(NOW + timedelta(seconds=seconds), NOW) == said


@given(st.integers(1, 10**6))
def test_countdown_never_says_less_than_is_left(milliseconds):
    said = times.countdown(NOW + timedelta(milliseconds=milliseconds), NOW)
    parts = [int(part) for part in said.split(":")]
    seconds = sum(part * 60**place for place, part in enumerate(reversed(parts)))
    assert seconds * 1000 >= milliseconds > (seconds - 1) * 1000


def test_time_of_day_is_the_hospitals_also_in_summer():
    summer = datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
    assert times.clock(summer, LONDON) == "02:30"
    assert times.clock(NOW, LONDON) == "02:13"


def test_day_is_named_only_where_it_is_another():
    assert times.clock_or_day(NOW - timedelta(hours=1), NOW, LONDON) == "01:13"
    assert times.clock_or_day(NOW - timedelta(hours=3), NOW, LONDON) == "23 Jan 23:13"


@pytest.mark.parametrize(
    ("born", "said"),
    [
        (date(1948, 3, 4), "77 y"),
        (date(1948, 1, 24), "78 y"),
        (date(1948, 1, 25), "77 y"),
        (date(2024, 1, 24), "2 y"),
        (date(2024, 1, 25), "23 months"),
        (date(2025, 12, 25), "30 days"),
    ],
)
def test_age_of_a_patient_is_exact_on_the_birthday(born, said):
    assert times.spoken_age(born, NOW.date()) == said
