"""A tail misses no row of a table and repeats none, whatever happens to the table's log."""

import shutil

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse import delta_log
from lakehouse.appends import append
from lakehouse.compaction import compact
from lakehouse.lake import Lake
from lakehouse.maintenance import checkpoint
from lakehouse.tables import OBSERVATIONS
from streaming.desk.tail import BEGINNING, TailError, grown, read
from tests.lakehouse.conftest import build_rows

SCHEMA = OBSERVATIONS.schema


@pytest.fixture
def lake(tmp_path):
    return Lake.open(tmp_path / "lake", create=True)


def _append(lake, first, last):
    append(lake, OBSERVATIONS, "icu", 0, build_rows(OBSERVATIONS, range(first, last + 1)), last)


def _look(lake, since=BEGINNING, **options):
    found = grown(lake.path(OBSERVATIONS), since, **options)
    return found, [row for rows in read(found, SCHEMA) for row in rows["offset"].to_pylist()]


def _commit(lake, version):
    return delta_log.commit_path(lake.path(OBSERVATIONS), version)


def test_table_that_is_not_there_yet_has_brought_nothing(lake):
    found, offsets = _look(lake)
    assert (found.cursor, found.anew, offsets) == (BEGINNING, None, [])


def test_first_look_takes_all_and_later_looks_what_came(lake):
    _append(lake, 0, 4)
    found, offsets = _look(lake)
    assert (found.anew, offsets) == ("first look", [0, 1, 2, 3, 4])
    _append(lake, 5, 6)
    _append(lake, 7, 7)
    found, offsets = _look(lake, found.cursor)
    assert (found.anew, offsets) == (None, [5, 6, 7])
    assert _look(lake, found.cursor) == (found.__class__(found.cursor, ()), [])


def test_rows_come_as_the_contract_has_them_with_the_columns_that_folders_name(lake):
    rows = build_rows(OBSERVATIONS, range(3), days=3, concept="lactate", value=2.5)
    append(lake, OBSERVATIONS, "icu", 0, rows, 2)
    came = [row for rows in read(_look(lake)[0], SCHEMA) for row in rows.to_pylist()]
    assert sorted(came, key=lambda row: row["offset"]) == rows.to_pylist()


def test_column_that_an_older_file_lacks_is_null(lake):
    _append(lake, 0, 0)
    wider = SCHEMA.append(OBSERVATIONS.schema.field("value").with_name("not_there_yet"))
    (rows,) = read(_look(lake)[0], wider)
    assert rows["not_there_yet"].to_pylist() == [None]


def test_compaction_brings_nothing_and_hides_nothing(lake):
    for offset in range(4):
        _append(lake, offset, offset)
    before = _look(lake)[0].cursor
    _append(lake, 4, 4)
    assert compact(lake, OBSERVATIONS) == 5
    _append(lake, 5, 5)
    found, offsets = _look(lake, before)
    assert (found.anew, offsets) == (None, [4, 5])
    assert sorted(_look(lake)[1]) == [0, 1, 2, 3, 4, 5]


def test_look_ends_before_a_commit_that_is_half_on_the_disk_and_goes_on_when_it_is_whole(lake):
    _append(lake, 0, 0)
    before = _look(lake)[0].cursor
    _append(lake, 1, 1)
    whole = _commit(lake, 2).read_bytes()
    for torn in (b"", b"\0" * len(whole), whole[: len(whole) // 2], whole.splitlines()[0]):
        _commit(lake, 2).write_bytes(torn)
        found, offsets = _look(lake, before)
        assert (found.cursor, found.torn, offsets) == (before, 2, [])
        found, offsets = _look(lake)
        assert (found.cursor, found.torn, offsets) == (before, 2, [0])
    _commit(lake, 2).write_bytes(whole)
    assert _look(lake, before)[1] == [1]


def test_hole_in_the_log_is_not_stepped_over(lake):
    for offset in range(3):
        _append(lake, offset, offset)
    _commit(lake, 2).unlink()
    found, offsets = _look(lake)
    assert (found.cursor.version, found.torn, offsets) == (1, 2, [0])


def test_log_that_was_shortened_beyond_the_cursor_gives_all_rows_anew(lake):
    _append(lake, 0, 0)
    before = _look(lake)[0].cursor
    for offset in range(1, 4):
        _append(lake, offset, offset)
    checkpoint(OBSERVATIONS.name, lake.path(OBSERVATIONS))
    for version in range(4):
        _commit(lake, version).unlink()
    _append(lake, 4, 4)
    found, offsets = _look(lake, before)
    assert (found.anew, sorted(offsets)) == ("shortened", [0, 1, 2, 3, 4])
    assert _look(lake, found.cursor)[1] == []


def test_log_of_a_checkpoint_alone_is_followed(lake):
    _append(lake, 0, 0)
    checkpoint(OBSERVATIONS.name, lake.path(OBSERVATIONS))
    for version in range(2):
        _commit(lake, version).unlink()
    found, offsets = _look(lake)
    assert (found.cursor.version, offsets) == (1, [0])
    assert _look(lake, found.cursor)[1] == []


def test_log_without_its_beginning_and_without_a_checkpoint_is_refused(lake):
    _append(lake, 0, 0)
    _commit(lake, 0).unlink()
    with pytest.raises(TailError, match="log begins with commit 1"):
        _look(lake)


def test_table_that_was_taken_back_gives_what_stands_anew(lake):
    _append(lake, 0, 0)
    _append(lake, 1, 1)
    after = _look(lake)[0].cursor
    _commit(lake, 2).unlink()
    found, offsets = _look(lake, after)
    assert (found.anew, offsets) == ("taken back", [0])


def test_table_that_was_taken_back_and_written_on_gives_what_stands_anew(lake):
    _append(lake, 0, 0)
    _append(lake, 1, 1)
    after = _look(lake)[0].cursor
    _commit(lake, 2).unlink()
    again = Lake.open(lake.root, create=True)
    _append(again, 1, 2)
    found, offsets = _look(lake, after)
    assert (found.anew, offsets) == ("taken back", [0, 1, 2])


def test_table_that_is_gone_and_made_again_is_read_from_its_beginning(lake):
    _append(lake, 0, 0)
    after = _look(lake)[0].cursor
    shutil.rmtree(lake.path(OBSERVATIONS))
    found, offsets = _look(lake, after)
    assert (found.anew, found.cursor, offsets) == ("taken back", BEGINNING, [])
    _append(Lake.open(lake.root, create=True), 0, 3)
    assert _look(lake, found.cursor)[1] == [0, 1, 2, 3]


def test_rows_that_were_deleted_give_what_stands_anew(lake):
    _append(lake, 0, 3)
    after = _look(lake)[0].cursor
    DeltaTable(str(lake.path(OBSERVATIONS))).delete('"offset" = 2')
    found, offsets = _look(lake, after)
    assert (found.anew, sorted(offsets)) == ("rewritten", [0, 1, 3])


def test_look_takes_only_so_many_commits_and_says_that_there_are_more(lake):
    _append(lake, 0, 0)
    cursor = _look(lake)[0].cursor
    for offset in range(1, 6):
        _append(lake, offset, offset)
    came = []
    for _ in range(4):
        found, offsets = _look(lake, cursor, most=2)
        cursor = found.cursor
        came.append((offsets, found.more))
    assert came == [([1, 2], True), ([3, 4], True), ([5], False), ([], False)]


@settings(max_examples=8)
@given(st.lists(st.sampled_from(["append", "compact", "checkpoint", "look"]), max_size=8))
def test_looks_bring_every_row_once_in_any_order_of_events(tmp_path_factory, events):
    lake = Lake.open(tmp_path_factory.mktemp("tailed") / "lake", create=True)
    cursor, came, written = BEGINNING, [], 0
    for event in [*events, "look"]:
        if event == "append":
            _append(lake, written, written + 1)
            written += 2
        elif event == "compact":
            compact(lake, OBSERVATIONS)
        elif event == "checkpoint" and written:
            checkpoint(OBSERVATIONS.name, lake.path(OBSERVATIONS))
        elif event == "look":
            found, offsets = _look(lake, cursor)
            assert found.anew in {None, "first look"}
            cursor, came = found.cursor, came + offsets
    assert sorted(came) == list(range(written))
