"""Load: patient-days, shifts over a change of clocks, shifts without alerts."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from clinical.evaluation.alert_load import load, shift_starts
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

UTC_ZONE = ZoneInfo("UTC")


def at(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000


def times(*moments: int) -> np.ndarray:
    return np.array(moments, np.int64)


def test_shifts_begin_at_seven_and_nineteen_and_cover_the_period():
    found = shift_starts(at(2026, 1, 5, 8), at(2026, 1, 6, 8), UTC_ZONE)
    hours = [(datetime.fromtimestamp(one / 1e6, UTC).day, one // HOUR % 24) for one in found]
    assert hours == [(5, 7), (5, 19), (6, 7), (6, 19)]


def test_shifts_follow_the_hospitals_clock_when_it_changes():
    zone = ZoneInfo("Europe/London")
    found = shift_starts(at(2026, 3, 28, 20), at(2026, 3, 29, 20), zone)
    # The night in which the clocks go forward has eleven hours.
    assert [one // HOUR for one in np.diff(found)] == [11, 12, 12]


def test_load_is_alerts_per_100_patient_days():
    day = 24 * HOUR
    found = load(times(HOUR, 2 * HOUR), times(0, 0), times(day, 3 * day), times(0, 4 * day))
    assert (found.patient_days, found.per_100_patient_days) == (4.0, 50.0)


def test_without_patient_days_no_load_is_known():
    found = load(times(), times(), times(), times(0, HOUR))
    assert (found.per_100_patient_days, found.mean) == (None, None)


def test_a_shift_with_patients_and_no_alert_counts_as_none():
    edges = times(0, 12 * HOUR, 24 * HOUR, 36 * HOUR)
    found = load(times(HOUR, 2 * HOUR), times(0), times(24 * HOUR), edges)
    assert (found.shifts, found.mean, found.highest) == (2, 1.0, 2)


def test_a_short_stay_within_a_shift_counts_that_shift():
    edges = times(0, 12 * HOUR, 24 * HOUR)
    found = load(times(), times(13 * HOUR), times(14 * HOUR), edges)
    assert (found.shifts, found.mean) == (1, 0.0)
