"""A log that is watched is never taken as still when something came."""

from datetime import timedelta

import pytest

from lakehouse.delta_log import commit_path
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS
from streaming.desk.tail import grown
from streaming.desk.watching import TRUSTED, Watch
from tests.streaming.desk.desks import START, alert, write_alerts


@pytest.fixture
def lake(tmp_path):
    found = Lake.open(tmp_path / "lake", create=True)
    write_alerts(found, [alert(1)])
    return found


def _watched(lake):
    """A table, the cursor up to which somebody looked, and a watch that knows it."""
    table = lake.path(ALERTS)
    watch, cursor = Watch(table), grown(table).cursor
    assert not watch.is_still(cursor, START)
    return table, cursor, watch


def test_log_to_which_nothing_came_is_still_for_so_long_as_one_trusts_it(lake):
    _, cursor, watch = _watched(lake)
    almost = START + TRUSTED - timedelta(microseconds=1)
    assert watch.is_still(cursor, almost)
    assert not watch.is_still(cursor, almost + timedelta(microseconds=1))


def test_log_to_which_a_commit_came_is_not_still(lake):
    _, cursor, watch = _watched(lake)
    write_alerts(lake, [alert(2)])
    assert not watch.is_still(cursor, START)


@pytest.mark.parametrize("happens", ["other", "gone"])
def test_log_of_which_the_last_commit_is_another_or_gone_is_not_still(lake, happens):
    table, cursor, watch = _watched(lake)
    path = commit_path(table, cursor.version)
    content = path.read_bytes()
    path.unlink()
    if happens == "other":
        path.write_bytes(content + b"\n")
    assert not watch.is_still(cursor, START)


def test_log_is_looked_at_where_the_clock_was_set_back(lake):
    _, cursor, watch = _watched(lake)
    assert not watch.is_still(cursor, START - timedelta(seconds=1))


def test_log_of_a_table_that_is_not_there_is_looked_at(tmp_path):
    watch = Watch(tmp_path / "none")
    cursor = grown(tmp_path / "none").cursor
    assert not watch.is_still(cursor, START)
    assert not watch.is_still(cursor, START)
