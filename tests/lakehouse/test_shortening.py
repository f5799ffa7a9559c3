"""Logs stay short, and nobody misses what is gone."""

import pytest
from deltalake import DeltaTable

from lakehouse import arrival_log, delta_log, shortening
from lakehouse.appends import append
from lakehouse.arrivals import Run, arrivals
from lakehouse.catalogue import read
from lakehouse.cuts import cut
from lakehouse.lake import Lake
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES
from lakehouse.writers import CHECKPOINT_COMMITS
from tests.lakehouse.conftest import build_rows

COMMITS = shortening.KEPT + 2 * CHECKPOINT_COMMITS + 20


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A lake with many commits of two feeds in turn."""
    lake = Lake.open(tmp_path_factory.mktemp("long") / "lake", create=True)
    for number in range(COMMITS):
        feed, offset = ("icu", "lab")[number % 2], number // 2
        append(lake, RAW_MESSAGES, feed, 0, build_rows(RAW_MESSAGES, [offset], feed), offset)
    return lake


def test_log_keeps_its_newest_commits_and_a_checkpoint_before_them(long):
    versions = delta_log.versions(long.path(RAW_MESSAGES))
    assert shortening.KEPT <= len(versions) <= shortening.KEPT + 2 * CHECKPOINT_COMMITS
    assert versions == list(range(versions[0], COMMITS + 1))
    assert delta_log.checkpoints(long.path(RAW_MESSAGES))[0].version == versions[0]


def test_every_row_and_the_cut_are_there_in_a_lake_that_is_opened_anew(long):
    lake = Lake.open(long.root, create=True)
    assert dict(cut(lake)) == {("icu", 0): COMMITS // 2 - 1, ("lab", 0): COMMITS // 2 - 1}
    assert read(lake, RAW_MESSAGES).num_rows == COMMITS
    assert DeltaTable(str(lake.path(RAW_MESSAGES))).transaction_version("icu/0") == COMMITS // 2 - 1


def test_order_of_arrival_is_that_of_all_commits(long):
    expected = tuple(Run(("icu", "lab")[n % 2], 0, n // 2, n // 2) for n in range(COMMITS))
    assert arrivals(long, cut(long)) == expected


def test_order_survives_a_torn_line_and_lines_written_twice(long):
    path = long.path(RAW_MESSAGES) / arrival_log.NAME
    whole = path.read_bytes()
    expected = arrivals(long, cut(long))
    path.write_bytes(whole + b"99999 12 0 ic")
    assert arrivals(long, cut(long)) == expected
    versions = delta_log.versions(long.path(RAW_MESSAGES))[:50]
    for _ in range(2):
        arrival_log.keep(long.path(RAW_MESSAGES), versions)
        assert arrivals(long, cut(long)) == expected
    path.write_bytes(whole)


def test_table_that_checkpoints_do_not_stand_for_yet_is_left_alone(lake, rows):
    for offset in range(3):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [offset]), offset)
    assert shortening.shorten(lake, OBSERVATIONS, 3) == 0
    assert delta_log.versions(lake.path(OBSERVATIONS)) == [0, 1, 2, 3]
