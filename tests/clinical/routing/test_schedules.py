"""Who has a duty: turns, overrides, and clocks that are set forward and back."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.routing import Override, Schedule, on_duty, shift, shift_began
from clinical.routing.routes import Rotation
from clinical.routing.schedules import gaps, quiet_until
from tests.clinical.routing.trees import hospital

LONDON = ZoneInfo("Europe/London")
DAILY = frozenset(range(7))


def _rotation(*people, starts=date(2026, 1, 5), days=7, begins=8, ends=None, weekdays=DAILY):
    hours = None if ends is None else time(ends)
    return Rotation(people, starts, days, time(begins), hours, weekdays)


def _schedule(*rotations, zone=LONDON, overrides=()):
    return Schedule("s", zone, rotations, overrides)


def _local(text, zone=LONDON, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "person"),
    [
        ("2026-01-05T07:59", None),
        ("2026-01-05T08:00", "anna"),
        ("2026-01-12T07:59", "anna"),
        ("2026-01-12T08:00", "ben"),
        ("2026-01-19T08:00", "anna"),
    ],
)
def test_turn_is_handed_over_at_the_hour_and_on_the_weekday_of_the_first(at, person):
    assert on_duty(_schedule(_rotation("anna", "ben")), _local(at)) == person


@pytest.mark.parametrize(
    ("at", "person"),
    [
        ("2026-01-16T19:00", "night"),
        ("2026-01-17T06:59", "night"),
        ("2026-01-17T07:00", "day"),
        ("2026-01-16T18:59", "day"),
    ],
)
def test_hours_across_midnight_belong_to_the_day_they_began(at, person):
    both = _schedule(_rotation("day", begins=7, ends=19), _rotation("night", begins=19, ends=7))
    assert on_duty(both, _local(at)) == person


def test_weekday_is_that_of_the_day_on_which_the_hours_began():
    friday_nights = _schedule(_rotation("anna", begins=20, ends=8, weekdays=frozenset({4})))
    assert on_duty(friday_nights, _local("2026-01-17T07:00")) == "anna"
    assert on_duty(friday_nights, _local("2026-01-16T07:00")) is None


def test_leap_day_has_its_turn():
    daily = _schedule(_rotation("a", "b", "c", starts=date(2028, 2, 28), days=1))
    days = ["2028-02-28T09:00", "2028-02-29T09:00", "2028-03-01T09:00", "2028-03-02T09:00"]
    assert [on_duty(daily, _local(day)) for day in days] == ["a", "b", "c", "a"]


def test_override_outranks_the_rotation_and_the_last_named_the_others():
    begins, ends = _local("2026-01-16T08:00"), _local("2026-01-17T08:00")
    schedule = _schedule(
        _rotation("anna"), overrides=(Override("ben", begins, ends), Override("cleo", begins, ends))
    )
    assert on_duty(schedule, begins) == "cleo"
    assert on_duty(schedule, begins - timedelta(seconds=1)) == "anna"
    assert on_duty(schedule, ends) == "anna"
    assert on_duty(schedule, begins, [Override("dora", begins, ends)]) == "dora"


def test_shift_through_the_night_on_which_clocks_go_forward_is_an_hour_shorter():
    night = _schedule(_rotation("anna", begins=19, ends=7))
    begins, ends = _local("2026-03-28T19:00"), _local("2026-03-29T07:00")
    assert ends - begins == timedelta(hours=11)
    assert on_duty(night, begins) == on_duty(night, ends - timedelta(seconds=1)) == "anna"
    assert on_duty(night, ends) is None


@pytest.mark.parametrize("begins", [1, 2])
def test_hand_over_that_the_clock_skips_or_shows_twice_leaves_no_gap(begins):
    turns = _schedule(_rotation("anna", "ben", starts=date(2026, 1, 1), days=1, begins=begins))
    for day in (datetime(2026, 3, 28, 18, tzinfo=UTC), datetime(2026, 10, 24, 18, tzinfo=UTC)):
        told = [on_duty(turns, day + timedelta(minutes=one)) for one in range(24 * 60)]
        assert None not in told
        assert sum(one != other for one, other in pairwise(told)) == 1


def test_hand_over_in_the_hour_that_comes_twice_is_at_the_first():
    turns = _schedule(_rotation("anna", "ben", starts=date(2026, 10, 24), days=1, begins=1))
    first, second = (_local("2026-10-25T01:00", fold=fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1)
    assert on_duty(turns, first - timedelta(seconds=1)) == "anna"
    assert on_duty(turns, first) == on_duty(turns, second) == "ben"


ZONES = ["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Beirut", "Asia/Kolkata"]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(1, 9),
    st.integers(0, 3 * 366 * 24 * 60),
)
def test_round_the_clock_there_is_always_exactly_one(zone, hour, days, minutes):
    people = ("a", "b", "c")
    starts = date(2025, 12, 1)
    turns = _schedule(
        _rotation(*people, starts=starts, days=days, begins=hour), zone=ZoneInfo(zone)
    )
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = at.astimezone(ZoneInfo(zone))
    held = on_duty(turns, at)
    begun = (local.date() - starts).days
    candidates = {people[(one // days) % 3] for one in (begun, begun - 1)}
    assert held in candidates


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 366 * 24 * 4))
def test_day_and_night_share_every_moment_without_gap_or_overlap(zone, hour, quarters):
    other = (hour + 12) % 24
    day, night = (
        _rotation("day", begins=hour, ends=other),
        _rotation("night", begins=other, ends=hour),
    )
    at = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=15 * quarters)
    held = [on_duty(_schedule(one, zone=ZoneInfo(zone)), at) for one in (day, night)]
    assert held in [["day", None], [None, "night"]]


def test_gaps_of_a_schedule_are_found():
    days = _schedule(_rotation("anna", begins=8, ends=20))
    since = _local("2026-01-16T08:00")
    assert len(list(gaps(days, since, since + timedelta(days=2)))) == 24


def test_shift_is_the_latest_that_has_begun():
    routes = hospital()
    assert shift(routes, _local("2026-01-16T06:59")) == ("night", _local("2026-01-15T19:00"))
    assert shift(routes, _local("2026-01-16T07:00")) == ("day", _local("2026-01-16T07:00"))
    assert shift_began(routes, _local("2026-07-16T20:00")) == datetime(2026, 7, 16, 18, tzinfo=UTC)


def test_quiet_hours_end_by_the_wall_clock():
    quiet = hospital().quiet["night"]
    ends = quiet_until(quiet, _local("2026-03-29T00:30"), LONDON)
    assert ends == _local("2026-03-29T07:00") == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert quiet_until(quiet, _local("2026-03-29T07:00"), LONDON) is None
