"""Volume and lateness against history: a usual day passes, an unusual one is named by its hour."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from lakehouse.appends import append
from lakehouse.lake import Lake
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES
from orchestration.quality.volume import LEAST_DAYS, held_against_history

START = datetime(2026, 1, 1, tzinfo=UTC)
PER_HOUR = 1_000


def fill(root, days, *, hours=None, late_minutes=5):
    """A lake of one feed with as many rows each hour; `hours` counts the last ones otherwise."""
    lake = Lake.open(root, create=True)
    counted = [PER_HOUR] * (24 * days)
    for place, given in (hours or {}).items():
        counted[place] = given
    # The newest hour may still be filling, so it is not looked at: one more to make it so.
    counted.append(1)
    hour = np.repeat(np.arange(len(counted)), counted)
    received = pa.array(
        (hour * 3_600_000_000 + int(START.timestamp() * 1e6)).astype("datetime64[us]"),
        pa.timestamp("us", tz="UTC"),
    )
    late = np.where(hour >= 24 * (days - 1), late_minutes, 5) * 60_000_000
    for table in (OBSERVATIONS, RAW_MESSAGES):
        append(lake, table, "icu", 0, hourly(table, received, late), len(hour) - 1)
    return lake


def hourly(table, received, late):
    count = len(received)
    documented = pa.array(received.cast(pa.int64()).to_numpy() - late, pa.int64()).cast(
        received.type
    )
    given = {
        "feed": pa.array(["icu"] * count),
        "partition": pa.array(np.zeros(count, np.int32)),
        "offset": pa.array(np.arange(count)),
        "row": pa.array(np.zeros(count, np.int32)),
        "received_at": received,
        "received_date": received.cast(pa.date32()),
        "documented_at": documented,
        "disposition": pa.array(["parsed"] * count),
    }
    columns = [given.get(f.name, pa.nulls(count, f.type)) for f in table.schema]
    return pa.table(columns, names=table.schema.names)


def test_a_day_like_those_before_is_usual(tmp_path):
    usual = held_against_history(fill(tmp_path / "lake", 9), OBSERVATIONS)
    assert usual.hours == 24
    assert usual.days == 1
    assert usual.unusual == ()


@pytest.mark.parametrize(
    ("rows", "rule"),
    [(0, "not_fewer_rows_than_usual"), (20 * PER_HOUR, "not_more_rows_than_usual")],
)
def test_an_hour_with_far_fewer_or_more_rows_is_named(tmp_path, rows, rule):
    usual = held_against_history(fill(tmp_path / "lake", 9, hours={-5: rows}), OBSERVATIONS)
    assert [(one.rule, one.feed, one.found) for one in usual.unusual] == [(rule, "icu", rows)]
    day = START + timedelta(hours=9 * 24 - 5)
    assert usual.unusual[0].at == day.isoformat()


def test_a_day_that_was_documented_far_later_is_named(tmp_path):
    usual = held_against_history(fill(tmp_path / "lake", 9, late_minutes=600), OBSERVATIONS)
    assert [one.rule for one in usual.unusual] == ["not_documented_later_than_usual"]


def test_a_short_history_says_nothing(tmp_path):
    lake = fill(tmp_path / "lake", LEAST_DAYS - 1, hours={-5: 0}, late_minutes=600)
    assert not held_against_history(lake, OBSERVATIONS).has_history


def test_a_table_without_documented_times_has_its_volume_alone(tmp_path):
    usual = held_against_history(fill(tmp_path / "lake", 9), RAW_MESSAGES)
    assert (usual.hours, usual.days) == (24, 0)


def test_an_empty_table_has_no_history(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    assert not held_against_history(lake, OBSERVATIONS).has_history
