"""Reading through DuckDB: every table, one cut, and a sandbox that holds."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from lakehouse.appends import append
from lakehouse.catalogue import connect, query, read
from lakehouse.errors import QueryError
from lakehouse.lake import Lake
from lakehouse.tables import OBSERVATIONS, PATIENT_DEMOGRAPHICS, RAW_MESSAGES, TABLES


@pytest.fixture
def filled(lake, rows):
    batch = rows(OBSERVATIONS, range(4), days=2, concept="heart_rate", value=88.0)
    append(lake, OBSERVATIONS, "icu", 0, batch, 3)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(4), days=2, raw=b"MSH|"), 3)
    return lake


@pytest.fixture
def sandbox(filled):
    return connect(filled, tables=[OBSERVATIONS, PATIENT_DEMOGRAPHICS], sandboxed=True)


def test_every_table_is_an_empty_view_before_its_first_row(lake):
    connection = connect(lake)
    for table in TABLES.values():
        empty = query(connection, f"select * from {table.name}")  # noqa: S608
        assert (empty.num_rows, empty.column_names) == (0, table.schema.names)


def test_view_has_the_same_types_before_and_after_the_first_row(lake, rows):
    before = query(connect(lake), "describe scores")
    append(lake, TABLES["scores"], "icu", 0, rows(TABLES["scores"], [0]), 0)
    assert query(connect(lake), "describe scores").to_pylist() == before.to_pylist()


def test_rows_read_have_the_contract_s_schema(filled):
    stored = read(filled, OBSERVATIONS)
    assert stored.schema.equals(OBSERVATIONS.schema)
    assert stored["offset"].to_pylist() == [0, 1, 2, 3]
    assert stored["value"].to_pylist() == [88.0] * 4


def test_rows_are_chosen_by_bound_values(filled):
    chosen = read(
        filled, OBSERVATIONS, ["offset"], where='"offset" > ? and feed = ?', parameters=[1, "icu"]
    )
    assert chosen["offset"].to_pylist() == [2, 3]
    hostile = read(filled, OBSERVATIONS, where="feed = ?", parameters=["x' or true --"])
    assert hostile.num_rows == 0


def test_times_are_shown_in_utc(filled):
    text = query(connect(filled), "select min(received_at)::varchar as t from observations")
    assert text["t"].to_pylist() == ["2025-01-05 00:00:00+00"]
    value = query(connect(filled), "select min(received_at) as t from observations")
    assert value["t"].to_pylist() == [datetime(2025, 1, 5, tzinfo=UTC)]


def test_lake_whose_path_has_a_quote_can_be_read(tmp_path, rows):
    lake = Lake.open(tmp_path / "o'brien", create=True)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(2)), 1)
    assert read(lake, RAW_MESSAGES).num_rows == 2


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_text('{lake}/observations/../../../../../../etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from delta_scan('{lake}/raw_messages')",
        "select * from read_parquet('{lake}/raw_messages/*/*.parquet')",
        "attach '/var/other.duckdb'",
        "install httpfs",
        "load '/var/other.duckdb_extension'",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "copy (select 1) to '{lake}/observations/x.csv'",
        "explain analyze copy (select 1) to '{lake}/observations/x.csv'",
        "/* */ explain analyze copy (select 1) to '{lake}/observations/x.csv'",
        "explain /* */ analyze copy (select 1) to '{lake}/observations/x.csv'",
        "explain analyze explain analyze copy (select 1) to '{lake}/observations/x.csv'",
        "explain (analyze) copy (select 1) to '{lake}/observations/x.csv'",
        "create table t as select 1",
        "drop view observations",
        "select 1; select 2",
        "",
    ],
)
def test_sandbox_refuses_what_is_not_a_read_of_the_shown_tables(filled, sandbox, sql):
    with pytest.raises(QueryError):
        query(sandbox, sql.format(lake=filled.root))
    assert not list(filled.root.rglob("x.csv"))


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from observations",
        "from observations",
        "with o as (from observations) select * from o",
        "explain select * from observations",
        "describe observations",
        "show tables",
        "select * from cut -- a comment;",
        "select * from (pivot observations on concept in ('heart_rate') using count(*))",
        "EXPLAIN (format json) select 1",
        "summarize observations",
    ],
)
def test_sandbox_answers_what_reads_the_shown_tables(sandbox, sql):
    assert query(sandbox, sql).num_rows > 0


def test_sandbox_knows_no_table_that_is_not_shown(sandbox):
    with pytest.raises(QueryError, match="raw_messages"):
        query(sandbox, "select * from raw_messages")


def test_error_of_a_query_is_one_line(filled):
    with pytest.raises(QueryError) as caught:
        query(connect(filled), "select\nnothing\nfrom observations")
    assert "nothing" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_error_of_a_query_shows_no_stored_value(lake, rows):
    batch = rows(PATIENT_DEMOGRAPHICS, [0], family_name="Featherstonehaugh")
    append(lake, PATIENT_DEMOGRAPHICS, "icu", 0, batch, 0)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, [0]), 0)
    for sql in (
        "select family_name::int from patient_demographics",
        "select error(family_name) from patient_demographics",
        "select family_name::date from patient_demographics",
    ):
        with pytest.raises(QueryError) as caught:
            query(connect(lake), sql)
        assert "Featherstone" not in str(caught.value)


def test_process_that_reads_leaves_with_its_own_exit_code(filled):
    program = (
        "import sys; from pathlib import Path; from lakehouse.lake import Lake;"
        "from lakehouse.catalogue import read; from lakehouse.tables import OBSERVATIONS;"
        "read(Lake.open(Path(sys.argv[1]), create=False), OBSERVATIONS); sys.exit(7)"
    )
    for _ in range(5):
        command = [sys.executable, "-c", program, str(filled.root)]
        assert subprocess.run(command, check=False).returncode == 7
