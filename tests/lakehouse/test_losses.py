"""Losses: each offset is recorded once, however often and in whatever pieces it is noticed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.losses import losses, lost, record_loss, record_losses, recorded, unused

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_lake_without_a_loss_has_none(lake):
    assert losses(lake).num_rows == 0
    assert not lost(lake, Cut({("ward", 1000): 9}))


def test_a_run_that_is_recorded_again_adds_nothing(lake):
    assert record_loss(lake, "ward", 1000, 10, 19, "journal_lost", NOW) == 10
    assert record_loss(lake, "ward", 1000, 10, 19, "journal_lost", NOW) == 0
    assert record_loss(lake, "ward", 1000, 12, 15, "retention_gap", NOW) == 0
    assert recorded(lake, ("ward", 1000)) == [(10, 19)]


def test_a_run_that_overlaps_is_cut(lake):
    record_loss(lake, "ward", 1000, 10, 19, "journal_lost", NOW)
    record_loss(lake, "ward", 1000, 30, 39, "journal_lost", NOW)
    assert record_loss(lake, "ward", 1000, 5, 45, "retention_gap", NOW) == 21
    assert recorded(lake, ("ward", 1000)) == [(5, 9), (10, 19), (20, 29), (30, 39), (40, 45)]
    assert losses(lake)["number"].to_pylist() == [1, 2, 3, 4, 5]


def test_partitions_and_feeds_are_told_apart(lake):
    record_loss(lake, "ward", 2000, 0, 4, "retention_gap", NOW)
    record_loss(lake, "ward", 2001, 0, 4, "retention_gap", NOW)
    record_loss(lake, "lab", 2000, 0, 4, "retention_gap", NOW)
    assert losses(lake).num_rows == 3


def test_only_what_the_cut_has_passed_is_counted(lake):
    record_loss(lake, "ward", 2000, 0, 4, "retention_gap", NOW)
    record_loss(lake, "ward", 2001, 10, 19, "retention_gap", NOW)
    record_loss(lake, "ward", 2001, 25, 25, "no_message", NOW)
    assert lost(lake, Cut({("ward", 2001): 14})) == {"ward": 5}
    assert unused(lake, Cut({("ward", 2001): 14})) == {}
    assert lost(lake, Cut({("ward", 2000): 9, ("ward", 2001): 99})) == {"ward": 15}
    assert unused(lake, Cut({("ward", 2001): 99})) == {"ward": 1}


def test_a_reason_that_is_not_known_is_refused(lake):
    with pytest.raises(ValueError, match="reason"):
        record_loss(lake, "ward", 2000, 0, 4, "mislaid", NOW)


RUNS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 12)).map(lambda run: (run[0], sum(run))),
    max_size=5,
)


# Each example writes a lake, so few are drawn.
@settings(max_examples=15)
@given(rounds=st.lists(RUNS, min_size=1, max_size=3))
def test_what_is_recorded_is_the_union_of_what_was_noticed_without_an_overlap(
    tmp_path_factory, rounds
):
    lake = Lake.open(tmp_path_factory.mktemp("losses") / "lake", create=True)
    added = sum(record_losses(lake, "ward", 0, runs, "compacted", NOW) for runs in rounds)
    noticed = {o for runs in rounds for first, last in runs for o in range(first, last + 1)}
    kept = [o for first, last in recorded(lake, ("ward", 0)) for o in range(first, last + 1)]
    assert sorted(kept) == sorted(noticed)
    assert added == len(noticed)
