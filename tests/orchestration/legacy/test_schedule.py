"""Nights over daylight saving: what the schedule does, against the law of nights.py."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._utils.schedules import schedule_execution_time_iterator

from lakehouse.settings import Settings
from orchestration.legacy.schedule import nightly_schedule
from orchestration.nights import midnight, nightly_partitions, run_at

ZONES = ("Europe/London", "America/New_York", "Europe/Berlin")
HOUR = timedelta(hours=1)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def _settings(zone, hour=2):
    return Settings(hospital_zone=zone, batch_hour=hour, first_night=FIRST)


def _ticks(settings):
    """Every instant of a year at which Dagster's own iterator starts the schedule."""
    schedule = nightly_schedule(settings, "nightly_legacy")
    start = midnight(FIRST, settings)
    for tick in schedule_execution_time_iterator(
        start.timestamp(), schedule.cron_schedule, schedule.execution_timezone
    ):
        if tick >= midnight(LAST + timedelta(days=1), settings):
            return
        yield tick.astimezone(UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3])
def test_a_year_has_one_run_for_every_night(zone, hour):
    settings = _settings(zone, hour)
    nights = [tick.astimezone(ZoneInfo(zone)).date() for tick in _ticks(settings)]
    assert nights == [FIRST + timedelta(days=number) for number in range(365)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3])
def test_a_run_starts_with_the_nights_job_or_an_hour_later_where_the_hour_comes_twice(zone, hour):
    settings = _settings(zone, hour)
    for tick in _ticks(settings):
        night = tick.astimezone(ZoneInfo(zone)).date()
        job = run_at(night, settings)
        local = job.astimezone(ZoneInfo(zone))
        twice = local.utcoffset() != local.replace(fold=1).utcoffset() and local.hour == hour
        assert tick - job == (HOUR if twice else timedelta(0))


@pytest.mark.parametrize(
    ("zone", "night", "hours", "ran_at"),
    [
        ("Europe/London", date(2026, 3, 29), 23, datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/London", date(2026, 10, 25), 25, datetime(2026, 10, 25, 2, tzinfo=UTC)),
        ("America/New_York", date(2026, 3, 8), 23, datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), 25, datetime(2026, 11, 1, 7, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 29), 23, datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 10, 25), 25, datetime(2026, 10, 25, 0, tzinfo=UTC)),
    ],
)
def test_the_nights_in_which_the_clock_is_changed(zone, night, hours, ran_at):
    settings = _settings(zone)
    assert run_at(night, settings) == ran_at
    opens, closes = midnight(night, settings), midnight(night + timedelta(days=1), settings)
    assert closes - opens == timedelta(hours=hours)
    window = nightly_partitions(settings).time_window_for_partition_key(night.isoformat())
    assert (window.start.timestamp(), window.end.timestamp()) == (
        opens.timestamp(),
        closes.timestamp(),
    )


@pytest.mark.parametrize("zone", ZONES)
def test_the_partition_of_a_run_is_the_local_day_on_which_it_starts(zone):
    settings = _settings(zone)
    partitions = nightly_partitions(settings)
    asked = Counter()
    for tick in _ticks(settings):
        request = _evaluated(settings, tick)
        key = tick.astimezone(ZoneInfo(zone)).date().isoformat()
        assert (request.partition_key, request.run_key) == (key, key)
        with partition_loading_context(effective_dt=tick):
            assert partitions.get_last_partition_key() == key
        asked[key] += 1
    assert set(asked.values()) == {1}


def test_a_night_before_the_first_is_skipped():
    settings = Settings(first_night=date(2026, 2, 1))
    skipped = _evaluated(settings, datetime(2026, 1, 31, 2, tzinfo=UTC))
    assert isinstance(skipped, dg.SkipReason)


def test_the_schedule_is_off_until_somebody_turns_it_on():
    schedule = nightly_schedule(_settings("Europe/London", 3), "nightly_legacy")
    assert schedule.cron_schedule == "0 3 * * *"
    assert schedule.execution_timezone == "Europe/London"
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


def _evaluated(settings, tick):
    schedule = nightly_schedule(settings, "nightly_legacy")
    return schedule(dg.build_schedule_context(scheduled_execution_time=tick))
