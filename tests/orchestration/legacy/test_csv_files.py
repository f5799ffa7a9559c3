"""The bytes of an extract: landed as they are, or refused with a line and a reason."""

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.legacy import errors
from orchestration.legacy.csv_files import stage
from orchestration.legacy.drop_folder import Delivered
from orchestration.legacy.extracts import EXTRACTS
from tests.orchestration.legacy.dropping import BEFORE, CENSUS, NIGHT, ROW, ROW_BEFORE, as_csv

# Any text but NUL, which no extract may hold, and halves of a character, which UTF-8 has not.
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
AWKWARD = st.text(st.sampled_from("\",\n\r \t'#\\;|é€🩺\u2028"), max_size=6)


@given(
    rows=st.lists(st.tuples(*[TEXT | AWKWARD] * len(CENSUS)), max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=60)
def test_whatever_the_file_says_is_read_as_it_says_it(rows, end):
    with TemporaryDirectory() as place, duckdb.connect() as engine:
        file = Path(place) / "census.csv"
        file.write_bytes(as_csv(rows, end=end))
        origin = stage(engine, Delivered(file, file.name, "UTC"), EXTRACTS["census"])
        staged = engine.execute("from staged order by line").fetchall()
    assert origin.rows == len(rows)
    assert staged == [(number, *row) for number, row in enumerate(rows, start=1)]


def test_rows_keep_the_order_of_the_file_and_their_line(drop):
    rows = [(str(i), f"SYN-{i}", "", 'a\nb,"c"') for i in range(20_000)]
    drop.put(as_csv(rows), said={"census.csv": {"rows": len(rows)}})
    assert drop.land().rows == 20_000
    found = drop.landed(columns="line, census_at")
    assert found == [(i + 1, str(i)) for i in range(20_000)]


def test_a_byte_order_mark_is_no_part_of_the_first_column(drop):
    drop.put(b"\xef\xbb\xbf" + as_csv([ROW]))
    assert drop.land().rows == 1


def test_the_last_line_may_lack_its_end(drop):
    drop.put(as_csv([ROW])[:-1], said={"census.csv": {"rows": 1}})
    assert drop.land().rows == 1


def test_a_night_without_rows_replaces_the_night(drop):
    drop.put(as_csv([ROW]))
    drop.land()
    drop.put(as_csv([]))
    assert drop.land().rows == 0
    assert drop.landed() == []


def test_an_empty_file_is_refused(drop):
    drop.put(b"")
    drop.refused(errors.EmptyFileError, "empty, without even a header")


def test_a_half_written_file_is_refused(drop):
    file = drop.put(as_csv([ROW, ROW]))
    file.write_bytes(file.read_bytes()[:-10])
    drop.refused(errors.HalfWrittenError, "half written, or changed since")


def test_another_number_of_rows_is_refused(drop):
    drop.put(as_csv([ROW, ROW]), said={"census.csv": {"rows": 3}})
    drop.refused(errors.RowCountError, "it has 2 rows, and the manifest says 3")


def test_repeated_rows_are_landed_as_they_are(drop):
    drop.put(as_csv([ROW, ROW]))
    assert drop.land().rows == 2
    assert [row[0] for row in drop.landed(columns="line")] == [1, 2]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'a,b,c,"Jones\n', "a quote is opened and not closed"),
        (b'5",b,c,d\na,b,c,"Jones\n', "a quote is opened and not closed"),
        (b'a,b,c,"Jones"x\n', "line 2 has a quote that is opened and not closed"),
        (b"a,b,c,d,Jones\n", "line 2 has another number of fields"),
        (b"a,b,c,d\na,b,Jones\n", "line 3 has another number of fields"),
        (b"a,b,c,Jones\0\n", "a line from 1 to 3 holds a NUL byte"),
        (b"a,b,c,Jones\xe9\n", "is not UTF-8"),
        (b"a,b,c,Jones\xc3", "its last character breaks off"),
        (b"a,b,c,d\r\na,b,c,Jones\n", "a line is not CSV"),
        (b"a,b,c," + b"Jones" * 2**20 + b"\n", "line 2 is longer than"),
    ],
    ids=range(10),
)
def test_what_is_no_csv_is_refused_and_its_values_are_not_shown(drop, body, words):
    drop.put(as_csv([]) + body)
    error = drop.refused(errors.MalformedExtractError, words)
    _assert_untold(error, "Jones")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (CENSUS[:-1], "lacks unit"),
        ((*CENSUS, "ward"), "adds ward"),
        ((*CENSUS[:-1], "ward"), "lacks unit and adds ward"),
        (CENSUS[::-1], "another order: unit, encounter_id, patient_id, census_at"),
        ((*CENSUS, "unit"), "repeats unit"),
        (ROW, "the first line is not its header"),
        ((*CENSUS, "Jones, Mary 1950"), "adds .a name that is not shown"),
        (["x"], "the first line is not its header"),
    ],
)
def test_changed_columns_are_named(drop, header, words):
    drop.put(as_csv([ROW], header))
    error = drop.refused(errors.ChangedColumnsError, words)
    _assert_untold(error, *ROW[1:], "Jones")


def test_changed_columns_of_the_manifest_are_named(drop):
    drop.put(as_csv([ROW]), said={"census.csv": {"columns": CENSUS[:-1]}})
    drop.refused(errors.ChangedColumnsError, "manifest.json, `census.csv`.* lacks unit")


def test_the_same_night_again_gives_the_same_rows(drop):
    drop.put(as_csv([ROW]))
    drop.put(as_csv([ROW_BEFORE, ROW_BEFORE]), BEFORE)
    drop.land(BEFORE)
    first = drop.land()
    rows = drop.landed()
    again = drop.land()
    assert drop.landed() == rows
    assert (again.rows, again.sha256) == (first.rows, first.sha256)


def test_landings_of_one_table_at_once_lose_none(drop):
    nights = [NIGHT.replace(day=day) for day in range(1, 9)]
    for night in nights:
        drop.put(as_csv([(f"{night} 00:00:00", *ROW[1:])]), night)
    threads = [threading.Thread(target=drop.land, args=(night,)) for night in nights]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row[0] for row in drop.landed(columns="night")] == nights


def _assert_untold(error, *values):
    seen = error
    while seen is not None:
        assert not any(value in str(seen) for value in values)
        seen = seen.__cause__ or seen.__context__
