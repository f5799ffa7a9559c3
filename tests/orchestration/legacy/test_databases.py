"""Extracts in a database: one law for SQLite and PostgreSQL."""

import sqlite3
import traceback

import pytest

from orchestration.legacy import errors
from tests.orchestration.legacy.dropping import ROW, Drop

COLUMNS = "census_at, patient_id, encounter_id, unit"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "extracts.db"
    with sqlite3.connect(path) as database:
        database.execute(f"create table census (night date, {COLUMNS})")
        database.execute("insert into census values ('2026-01-06', ?, ?, ?, ?)", ROW)
        database.execute("insert into census values ('2026-01-07', ?, ?, ?, ?)", ROW)
    return path


@pytest.fixture
def drop(tmp_path, source):
    return Drop(tmp_path, extracts_url=f"sqlite:///{source}")


def _run(source, *statements):
    database = sqlite3.connect(source)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


def test_a_night_of_a_table_is_landed(drop, source):
    found = drop.land()
    assert (found.rows, found.zone) == (1, "UTC")
    assert found.source == f"sqlite:///{source}/census"
    assert drop.landed(columns=f"line, {COLUMNS}") == [(1, *ROW)]


def test_a_view_is_as_good_as_a_table(drop, source):
    _run(source, "alter table census rename to t", "create view census as select * from t")
    assert drop.land().rows == 1


def test_the_order_of_rows_and_columns_in_the_database_does_not_matter(drop, source):
    _run(source, "insert into census values ('2026-01-06', 'a', 'b', 'c', 'd')")
    first = drop.land()
    before = drop.landed()
    _run(
        source,
        "drop table census",
        "create table census (unit, encounter_id, patient_id, census_at, night)",
        "insert into census values ('d', 'c', 'b', 'a', '2026-01-06')",
        "insert into census values ('ICU', 'SYN-E1', 'SYN-1', '2026-01-06 00:00:00', '2026-01-06')",
    )
    assert drop.land().sha256 == first.sha256
    assert drop.landed() == before


def test_a_changed_row_changes_the_hash(drop, source):
    first = drop.land().sha256
    _run(source, "update census set unit = null")
    second = drop.land().sha256
    _run(source, "update census set unit = ''")
    assert len({first, second, drop.land().sha256}) == 3


def test_numbers_become_text_without_a_loss(drop, source):
    _run(
        source, "update census set unit = 0.1, encounter_id = 9007199254740993, patient_id = 1e300"
    )
    drop.land()
    assert drop.landed(columns="unit, encounter_id, patient_id") == [
        ("0.1", "9007199254740993", "1e+300")
    ]


def test_a_value_without_a_text_is_refused_and_the_landed_night_stays(drop, source):
    drop.land()
    before = drop.landed()
    _run(source, "update census set unit = x'00ff'")
    _refused(drop, errors.UnreadableTableError, "a column holds bytes")
    assert drop.landed() == before


def test_an_empty_night_before_a_later_one_is_a_night_without_rows(drop, source):
    _run(source, "delete from census where night = '2026-01-06'")
    assert drop.land().rows == 0


def test_an_empty_night_after_the_last_one_has_not_arrived(drop, source):
    _run(source, "delete from census")
    assert _refused(drop, errors.NightMissingError, "nor of a later night").waits


def test_the_jobs_own_record_says_what_is_complete(drop, source):
    _run(source, "create table extract_runs (extract text, night date, rows integer)")
    _refused(drop, errors.NightIncompleteError, "not finished yet")
    _run(source, "insert into extract_runs values ('census', '2026-01-06', 2)")
    _refused(drop, errors.RowCountError, "has 1 rows, and extract_runs says 2")
    _run(source, "update extract_runs set rows = 1")
    assert drop.land().rows == 1
    _run(source, "insert into extract_runs values ('census', '2026-01-06', 1)")
    _refused(drop, errors.NightIncompleteError, "in it twice")


def test_a_missing_table_is_named(drop, source):
    _run(source, "drop table census")
    _refused(drop, errors.MissingTableError, "no such table or view; make one")


def test_billing_may_have_no_table(drop):
    with pytest.raises(errors.OptionalNotDeliveredError):
        drop.land(extract="billing")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table census drop column unit", "lacks unit"),
        ("alter table census add column ward", "adds ward"),
        ("alter table census rename column unit to ward", "lacks unit and adds ward"),
        ("alter table census rename column night to day", "no column night"),
    ],
)
def test_changed_columns_are_named(drop, source, change, words):
    _run(source, change)
    _refused(drop, errors.ChangedColumnsError, words)


def test_a_night_that_is_neither_date_nor_text_is_refused(drop, source):
    _run(source, "drop table census", f"create table census (night integer, {COLUMNS})")
    _refused(drop, errors.ChangedColumnsError, "neither a date nor a text")


def test_a_database_that_is_not_there_is_not_made(drop, source):
    source.unlink()
    error = _refused(drop, errors.DatabaseDownError, "does not answer")
    assert (error.exit_code, error.waits) == (5, True)
    assert not source.exists()


def test_a_file_that_is_no_database_is_refused(drop, source):
    source.write_bytes(b"no database" * 100)
    _refused(drop, errors.UnreadableTableError, "refused to read it")


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        (
            "postgresql://u:s3cret@127.0.0.1:1/d",
            errors.DatabaseDownError,
            "postgresql://127.0.0.1:1/d: ",
        ),
        ("postgresql://u:s3c@s3cret@h/d", errors.DatabaseUrlError, "more than one @"),
        ("s3cret", errors.DatabaseUrlError, "no URL of a database"),
        ("postgresql://u:s3cret@h:s3cret/d", errors.DatabaseUrlError, "no URL of a database"),
        ("nosuch://u:s3cret@h/d", errors.DatabaseUrlError, "driver of nosuch is not installed"),
        ("postgresql://h/d?s3cret=s3cret", errors.DatabaseDownError, "postgresql://h/d: "),
    ],
)
def test_no_error_shows_the_password(tmp_path, url, error, words):
    drop = Drop(tmp_path, extracts_url=url)
    with pytest.raises(error, match=words) as caught:
        drop.land()
    told = "".join(traceback.format_exception(caught.value)) + repr(drop.settings)
    assert "s3cret" not in told
    assert caught.value.__context__ is None


def test_an_extract_is_never_a_piece_of_sql(drop):
    with pytest.raises(errors.UnknownExtractError):
        drop.land(extract='census"; drop table census; --')
    assert drop.land().rows == 1


def _refused(drop, error, words):
    with pytest.raises(error, match=words) as caught:
        drop.land()
    assert type(caught.value) is error
    return caught.value
