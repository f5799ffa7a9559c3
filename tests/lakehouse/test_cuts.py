"""The cut: what a reader may see."""

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.appends import append
from lakehouse.catalogue import connect, query, read
from lakehouse.cuts import Cut, cut
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES

PLACES = st.tuples(st.text(min_size=1), st.integers(0, 99))


def test_lake_without_messages_has_an_empty_cut(lake):
    assert dict(cut(lake)) == {}
    assert cut(lake).next_offset("icu", 0) == 0


def test_cut_is_what_raw_messages_has_reached_in_each_partition(lake, rows):
    for feed, partition, upto in (("icu", 0, 4), ("icu", 1, 9), ("lab/blood", 0, 2)):
        batch = rows(RAW_MESSAGES, range(upto + 1), feed, partition)
        append(lake, RAW_MESSAGES, feed, partition, batch, upto)
    assert dict(cut(lake)) == {("icu", 0): 4, ("icu", 1): 9, ("lab/blood", 0): 2}
    assert cut(lake).next_offset("icu", 1) == 10


def test_rows_that_are_ahead_of_raw_messages_are_not_seen(lake, rows):
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(10)), 9)
    append(lake, OBSERVATIONS, "lab", 0, rows(OBSERVATIONS, range(10), "lab"), 9)
    assert read(lake, OBSERVATIONS).num_rows == 0
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(7)), 6)
    seen = read(lake, OBSERVATIONS, ["feed", "offset"])
    assert seen["offset"].to_pylist() == list(range(7))
    assert set(seen["feed"].to_pylist()) == {"icu"}


def test_reading_at_an_old_cut_gives_the_same_answer_again(lake, rows):
    cuts = []
    for first in (0, 5):
        batch = range(first, first + 5)
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, batch), first + 4)
        append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, batch), first + 4)
        cuts.append(cut(lake))
    assert read(lake, OBSERVATIONS, at=cuts[0]).num_rows == 5
    assert read(lake, OBSERVATIONS).num_rows == 10


def test_connection_stays_at_its_cut_while_rows_arrive(lake, rows):
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(3)), 2)
    connection = connect(lake)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(3, 6)), 5)
    counted = query(connection, "select count(*) as n from raw_messages")
    assert counted["n"].to_pylist() == [3]


def test_cut_of_many_partitions_hides_the_same_rows(lake, rows):
    reached = {("icu", partition): partition for partition in range(40)}
    for partition in (0, 7, 39, 40):
        batch = rows(OBSERVATIONS, range(50), "icu", partition)
        append(lake, OBSERVATIONS, "icu", partition, batch, 49)
    seen = read(lake, OBSERVATIONS, at=Cut(reached))
    assert seen["partition"].to_pylist() == [0] * 1 + [7] * 8 + [39] * 40


def test_two_readers_stay_at_their_own_cuts(lake, rows):
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(9)), 8)
    readers = [connect(lake, at=Cut({("icu", 0): upto})) for upto in (2, 5)]
    counts = [query(r, "select count(*) as n from raw_messages")["n"][0].as_py() for r in readers]
    assert counts == [3, 6]


@given(st.dictionaries(PLACES, st.integers(0, 2**60), max_size=5))
def test_cut_comes_back_from_its_json(reached):
    assert dict(Cut.from_json(Cut(reached).to_json())) == reached
