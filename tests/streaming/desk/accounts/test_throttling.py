"""Waiting between tries: laws of the brake."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streaming.desk.accounts.throttling import ADDRESS, HERE, NAME, wait_until

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BRAKES = st.sampled_from([HERE, NAME, ADDRESS])
AGES = st.lists(st.integers(0, 100_000).map(lambda seconds: NOW - timedelta(seconds=seconds)))


@given(AGES, BRAKES)
def test_no_wait_is_longer_than_the_longest(failures, brake):
    until = wait_until(failures, brake, NOW)
    assert until is None or NOW < until <= NOW + brake.longest


@given(AGES, BRAKES)
def test_one_failure_more_never_makes_the_wait_shorter(failures, brake):
    before = wait_until(failures, brake, NOW)
    after = wait_until([*failures, NOW], brake, NOW)
    assert before is None or (after is not None and after >= before)


@given(BRAKES)
def test_the_free_failures_are_free_and_the_next_is_not(brake):
    assert wait_until([NOW] * (brake.free - 1), brake, NOW) is None
    assert wait_until([NOW] * brake.free, brake, NOW) == NOW + brake.first


def test_waits_double():
    waits = [wait_until([NOW] * (HERE.free + more), HERE, NOW) - NOW for more in range(3)]
    assert waits == [HERE.first, HERE.first * 2, HERE.first * 4]


@given(AGES, BRAKES)
def test_who_waits_as_long_as_they_were_told_may_try(failures, brake):
    until = wait_until(failures, brake, NOW)
    assert until is None or wait_until(failures, brake, until) is None


def test_a_hundred_failures_in_a_row_take_more_than_a_day():
    failures, at = [], NOW
    while len(failures) < 100:
        at = wait_until(failures, HERE, at) or at
        failures.append(at)
    assert at - NOW > timedelta(hours=20)
