"""Extracts in a real PostgreSQL, which the tests start themselves."""

import traceback

import psycopg
import pytest

from orchestration.legacy import errors
from orchestration.legacy.database_urls import place_of
from orchestration.legacy.databases import parsed
from tests.orchestration.legacy.dropping import Drop
from tests.orchestration.legacy.postgresql import PASSWORD, running

TABLE = "census_at timestamp, patient_id bigint, encounter_id numeric, unit text"


@pytest.fixture(scope="module")
def server():
    with running() as url:
        yield url


@pytest.fixture
def database(server):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
        connection.execute(f"create table census (night date not null, {TABLE})")
        yield connection


@pytest.fixture
def drop(tmp_path, server, database):
    return Drop(tmp_path, extracts_url=server)


def test_typed_columns_become_text_without_a_loss(drop, database):
    database.execute(
        "insert into census values ('2026-01-06', '2026-01-06 00:00:00.000001',"
        " 9007199254740993, 1234567890.12345678901234567890, 'ICU'),"
        " ('2026-01-05', now(), 1, 1, 'x')"
    )
    assert drop.land().rows == 1
    columns = "census_at, patient_id, encounter_id, unit"
    assert drop.landed(columns=columns) == [
        ("2026-01-06 00:00:00.000001", "9007199254740993", "1234567890.12345678901234567890", "ICU")
    ]


def test_every_type_of_a_column_has_its_text(drop, database):
    database.execute("drop table census")
    database.execute(
        "create view census as select date '2026-01-06' as night,"
        " timestamptz '2026-01-06 02:00+02' at time zone 'UTC' as census_at, true as patient_id,"
        " '0.1'::float8 as encounter_id, null::text as unit"
    )
    drop.land()
    assert drop.landed(columns="census_at, patient_id, encounter_id, unit") == [
        ("2026-01-06 00:00:00", "true", "0.1", None)
    ]


def test_a_night_of_many_batches_is_whole_and_the_same_again(drop, database):
    database.execute(
        "insert into census select '2026-01-06', timestamp '2026-01-06', i, i, 'unit ' || i % 7"
        " from generate_series(1, 45000) as t(i) order by random()"
    )
    first = drop.land()
    assert first.rows == 45_000
    database.execute("create table other as select * from census order by random()")
    database.execute("drop table census")
    database.execute("alter table other rename to census")
    assert drop.land().sha256 == first.sha256


def test_the_night_may_be_a_text_or_a_timestamp(drop, database):
    for kind in ("text", "timestamp"):
        database.execute(f"alter table census alter column night type {kind} using night::{kind}")
        database.execute("truncate census")
        database.execute("insert into census values ('2026-01-06', null, 1, 1, 'ICU')")
        assert drop.land().rows == 1


def test_a_changed_column_is_named(drop, database):
    database.execute("alter table census rename column unit to ward")
    with pytest.raises(errors.ChangedColumnsError, match="lacks unit and adds ward"):
        drop.land()


def test_what_a_view_says_when_it_fails_is_not_passed_on(drop, database):
    database.execute("alter table census rename to t")
    database.execute("insert into t values ('2026-01-06', null, 1, 1, 'Jones')")
    database.execute(
        "create view census as select night, census_at, patient_id, encounter_id,"
        " unit::integer::text as unit from t"
    )
    with pytest.raises(errors.UnreadableTableError, match="refused to read it") as caught:
        drop.land()
    assert "Jones" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_a_database_that_lets_nobody_in_is_down_and_its_password_unseen(tmp_path, server):
    wrong = server.replace("p%40ss%2Fw0rd", "other%40secret")
    drop = Drop(tmp_path, extracts_url=wrong)
    with pytest.raises(errors.DatabaseDownError) as caught:
        drop.land()
    told = "".join(traceback.format_exception(caught.value))
    assert not any(part in told for part in ("other", "secret", PASSWORD))


def test_a_source_names_no_user_and_no_password(drop, database, server):
    database.execute("insert into census values ('2026-01-06', null, 1, 1, 'ICU')")
    source = drop.land().source
    assert source == f"{place_of(parsed(server))}/census"
    assert not any(part in source for part in ("owner", "p%40ss", PASSWORD))


def test_the_night_is_a_bound_value_and_the_table_is_only_read(drop, database):
    database.execute("insert into census values ('2026-01-06', null, 1, 1, $$'; drop--$$)")
    drop.land()
    assert drop.landed(columns="unit") == [("'; drop--",)]
    assert database.execute("select count(*) from census").fetchone() == (1,)
