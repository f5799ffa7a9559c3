"""Times as HL7 writes them, placed in UTC."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.wire.time import dates, timestamps


def read(text: str | None, zone: str = "UTC") -> datetime | None:
    """What a text is read as, by itself and beside many others."""
    (alone,) = timestamps(pa.array([text], pa.string()), zone).to_pylist()
    beside = pa.array([None, text, "20240101", "x"] * 50, pa.string())
    assert timestamps(beside, zone).to_pylist()[1] == alone
    return alone


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", utc(2024, 1, 1)),
        ("202402", utc(2024, 2, 1)),
        ("20240229", utc(2024, 2, 29)),
        ("2024022913", utc(2024, 2, 29, 13)),
        ("202402291305", utc(2024, 2, 29, 13, 5)),
        ("20240229130559", utc(2024, 2, 29, 13, 5, 59)),
        ("20240229130559.1", utc(2024, 2, 29, 13, 5, 59, 100_000)),
        ("20240229130559.1234", utc(2024, 2, 29, 13, 5, 59, 123_400)),
        ("20240229130559.1234-0500", utc(2024, 2, 29, 18, 5, 59, 123_400)),
        ("202402291305+0545", utc(2024, 2, 29, 7, 20)),
        ("2024+0100", utc(2023, 12, 31, 23)),
    ],
)
def test_every_precision_stands_for_its_beginning(text: str, expected: datetime) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "202",
        "20241",
        "20230229",
        "20240431",
        "20241301",
        "20240100",
        "2024010124",
        "202401010060",
        "20240101000060",
        "20240101000000.",
        "2024010100.5",
        "20240101+01",
        "20240101+0160",
        "20240101+1600",
        "20240101T00",
        "2024-01-01",
        "99991231",
        "17991231",
        "\uff12\uff10\uff12\uff14",
        "20240101000000.1234567",
    ],
)
def test_what_is_no_time_is_null(text: str | None) -> None:
    assert read(text) is None


def test_a_time_that_daylight_saving_skips_takes_the_offset_before() -> None:
    assert read("20240310023000", "America/New_York") == utc(2024, 3, 10, 7, 30)
    assert read("20240310015959", "America/New_York") == utc(2024, 3, 10, 6, 59, 59)
    assert read("20240310030000", "America/New_York") == utc(2024, 3, 10, 7)


def test_a_time_that_daylight_saving_repeats_is_the_first_of_the_two() -> None:
    assert read("20241103013000", "America/New_York") == utc(2024, 11, 3, 5, 30)
    assert read("20241103020000", "America/New_York") == utc(2024, 11, 3, 7)


def test_an_offset_that_changes_within_an_hour_is_told_to_the_minute() -> None:
    # Lord Howe moves by half an hour: 02:00 becomes 02:30.
    assert read("20241006015959", "Australia/Lord_Howe") == utc(2024, 10, 5, 15, 29, 59)
    assert read("20241006023000", "Australia/Lord_Howe") == utc(2024, 10, 5, 15, 30)


# Wall clocks, which are in no zone.
EARLIEST = datetime(1900, 1, 2)  # noqa: DTZ001
LATEST = datetime(2199, 12, 30)  # noqa: DTZ001
ZONES = ["UTC", "America/New_York", "Europe/Amsterdam", "Australia/Lord_Howe", "Asia/Kathmandu"]


@given(
    st.lists(st.datetimes(EARLIEST, LATEST), min_size=1, max_size=20),
    st.sampled_from(ZONES),
)
def test_local_times_are_placed_as_the_zone_database_places_them(
    local: list[datetime], zone: str
) -> None:
    texts = [f"{time:%Y%m%d%H%M%S}" for time in local]
    expected = [
        (time.replace(microsecond=0, tzinfo=ZoneInfo(zone))).astimezone(UTC) for time in local
    ]
    assert timestamps(pa.array(texts), zone).to_pylist() == expected
    assert timestamps(pa.array(texts * 70), zone).to_pylist() == expected * 70


@given(st.datetimes(EARLIEST, LATEST), st.integers(-14 * 60, 14 * 60))
def test_a_time_with_an_offset_needs_no_zone(local: datetime, minutes: int) -> None:
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{local:%Y%m%d%H%M%S}.{local.microsecond:06d}{sign}{size // 60:02d}{size % 60:02d}"
    expected = local.replace(tzinfo=UTC) - timedelta(minutes=minutes)
    assert read(text, "America/New_York") == expected


@given(
    st.one_of(st.text(max_size=30), st.from_regex(r"[0-9]{2,16}\.?[0-9]{0,8}[+-]?[0-9]{0,5}")),
    st.sampled_from(ZONES),
)
def test_no_text_is_too_odd_and_all_are_read_alike(text: str, zone: str) -> None:
    read(text, zone)
    assert len(dates(pa.array([text]))) == 1


def test_a_date_of_birth_is_in_no_zone() -> None:
    texts = pa.array(["19500229", "19520229", "1952", "19520229235900+1200", "", None])
    found = dates(texts).to_pylist()
    assert found == [None, date(1952, 2, 29), date(1952, 1, 1), date(1952, 2, 29), None, None]
