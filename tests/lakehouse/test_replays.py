"""Claims: a file's messages have one offset each, for ever."""

import sqlite3
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.appends import append
from lakehouse.cuts import Cut
from lakehouse.errors import ClaimError
from lakehouse.lake import Lake
from lakehouse.replays import NAME, Claim, claim
from lakehouse.tables import RAW_MESSAGES

FILES = st.integers(0, 5)


def test_first_file_has_the_first_offsets(lake):
    assert claim(lake, "icu", "a", 10) == Claim(partition=0, first_offset=0, messages=10)


def test_same_file_has_the_same_offsets_again(lake):
    first = claim(lake, "icu", "a", 10)
    assert claim(Lake.open(lake.root, create=True), "icu", "a", 10) == first


def test_next_file_follows_once_the_first_is_in_the_tables(lake, rows):
    claim(lake, "icu", "a", 10)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(10)), 9)
    assert claim(lake, "icu", "b", 5) == Claim(0, 10, 5)


def test_next_file_has_its_own_partition_while_the_first_is_half_way(lake, rows):
    claim(lake, "icu", "a", 10)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(9)), 8)
    assert claim(lake, "icu", "b", 5) == Claim(1, 0, 5)
    assert claim(lake, "icu", "a", 10) == Claim(0, 0, 10)


def test_files_of_one_run_follow_each_other(lake):
    first = claim(lake, "icu", "a", 10)
    second = claim(lake, "icu", "b", 5, after=first)
    third = claim(lake, "icu", "c", 1, after=second)
    assert [first, second, third] == [Claim(0, 0, 10), Claim(0, 10, 5), Claim(0, 15, 1)]
    again = claim(lake, "icu", "a", 10)
    assert claim(lake, "icu", "b", 5, after=again) == second


def test_file_is_refused_whose_forerunner_is_only_partly_in_the_tables(lake):
    first = claim(lake, "icu", "a", 10)
    claim(lake, "icu", "b", 5, after=first)
    with pytest.raises(ClaimError, match="replay both in one run"):
        claim(lake, "icu", "b", 5, at=Cut({("icu", 0): 3}))
    assert claim(lake, "icu", "b", 5, at=Cut({("icu", 0): 9})) == Claim(0, 10, 5)


def test_feeds_have_claims_of_their_own(lake):
    assert claim(lake, "icu", "a", 10) == claim(lake, "lab", "a", 10) == Claim(0, 0, 10)


def test_partition_of_another_source_is_kept_off(lake):
    live = Cut({("icu", 0): 100, ("icu", 1): 4, ("lab", 2): 4})
    assert claim(lake, "icu", "a", 10, at=live) == Claim(2, 0, 10)


def test_file_without_messages_takes_no_offset(lake):
    assert claim(lake, "icu", "a", 0) == Claim(0, 0, 0)
    assert claim(lake, "icu", "b", 3) == Claim(0, 0, 3)
    assert claim(lake, "icu", "a", 0) == Claim(0, 0, 0)


def test_file_that_is_framed_differently_now_is_refused(lake):
    claim(lake, "icu", "a", 10)
    with pytest.raises(ClaimError, match="10 messages before, and now has 11"):
        claim(lake, "icu", "a", 11)


def test_ledger_that_is_no_database_is_refused(lake):
    (lake.root / NAME).write_bytes(b"\0" * 4096)
    with pytest.raises(ClaimError, match="cannot be used"):
        claim(lake, "icu", "a", 10)


def test_ledger_holds_no_more_than_feeds_numbers_and_fingerprints(lake):
    claim(lake, "icu", "a" * 64, 10)
    with sqlite3.connect(lake.root / NAME) as ledger:
        assert ledger.execute("select * from claims").fetchall() == [("icu", 0, 0, 10, "a" * 64)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(FILES, st.integers(0, 20), min_size=6, max_size=6),
    st.lists(st.tuples(FILES, st.integers(0, 20), st.booleans()), max_size=15),
)
def test_claims_stay_and_never_overlap(tmp_path_factory, sizes, steps):
    lake = Lake.open(tmp_path_factory.mktemp("law"), create=True)
    reached: dict[tuple[str, int], int] = {}
    made: dict[int, Claim] = {}
    last = None
    for file, progress, follows in steps:
        try:
            got = claim(
                lake,
                "icu",
                str(file),
                sizes[file],
                after=last if follows else None,
                at=Cut(reached),
            )
        except ClaimError:
            assert file in made
            continue
        assert made.setdefault(file, got) == got
        last = got
        place = ("icu", got.partition)
        # As a source does: it goes on at the cut, and never before its own file.
        if got.first_offset <= reached.get(place, -1) + 1:
            upto = min(got.first_offset + progress, got.end) - 1
            if upto > reached.get(place, -1):
                reached[place] = upto
    taken = [(c.partition, o) for c in made.values() for o in range(c.first_offset, c.end)]
    assert len(taken) == len(set(taken))
    for partition in {c.partition for c in made.values()}:
        ends = sorted((c.first_offset, c.end) for c in made.values() if c.partition == partition)
        assert all(a[1] == b[0] for a, b in pairwise(ends))
