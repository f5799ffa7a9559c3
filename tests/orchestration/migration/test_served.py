"""The views that flip: what readers see before, at and after a flip, and back."""

from collections import Counter

import duckdb

from lakehouse.catalogue import attach
from lakehouse.lake import Lake
from lakehouse.tables import TABLES
from orchestration.jobs import JOBS
from orchestration.migration.deciding import promote, rollback
from orchestration.migration.ledger import job_entries
from orchestration.migration.rehearsal import rehearse
from orchestration.migration.served import opened, served_paths, show_served
from tests.orchestration.migration.evidence import night, settings_of

WHO = ("Dr Example", "agreed")


def _rows(lake, job="census"):
    with opened(lake, settings_of(lake.root)) as connection:
        return connection.execute(f"from served.{job}").to_arrow_table().to_pylist()


def _columns(lake, job="census"):
    with opened(lake, settings_of(lake.root)) as connection:
        return [row[:2] for row in connection.execute(f"describe served.{job}").fetchall()]


def test_before_the_flip_every_row_is_the_nightly_jobs(proven):
    rows = _rows(proven)
    assert {row["served_by"] for row in rows} == {"legacy"}
    assert Counter(row["night"] for row in rows) == {night(n): n for n in range(1, 8)}
    assert {row["feed"] for row in rows} == {None}
    assert rows[0]["source"].endswith("census.csv")


def test_after_the_flip_nights_up_to_it_stay_and_later_ones_are_the_streams(flipped):
    rows = _rows(flipped)
    legacy = [row for row in rows if row["served_by"] == "legacy"]
    stream = [row for row in rows if row["served_by"] == "stream"]
    assert {row["night"] for row in legacy} == {night(n) for n in range(1, 6)}
    assert {row["night"] for row in stream} == {night(n) for n in range(6, 9)}
    assert {row["feed"] for row in stream} == {"adt"}


def test_the_live_night_shows_who_came_after_the_last_run(flipped):
    live = [row for row in _rows(flipped) if row["night"] == night(8)]
    assert {row["patient_id"] for row in live} == {f"p{n}" for n in range(8)}


def test_both_sides_agree_on_a_night_that_matches(proven, flipped):
    def census(rows):
        keys = ("patient_id", "encounter_id", "unit")
        return {tuple(row[key] for key in keys) for row in rows if row["night"] == night(6)}

    assert census(_rows(flipped)) == census(_rows(proven))


def test_the_columns_are_the_same_in_every_state(proven, flipped):
    before = _columns(proven)
    assert _columns(flipped) == before
    assert before[0][0] == "night"
    assert before[-1] == ("served_by", "VARCHAR")


def test_a_rollback_brings_back_what_was_seen_before_and_loses_nothing(proven, flipped):
    stored = _messages(flipped)
    rollback(flipped, settings_of(flipped.root), "census", *WHO)
    assert sorted(_rows(flipped), key=str) == sorted(_rows(proven), key=str)
    assert _messages(flipped) == stored


def test_whoever_opened_the_views_before_a_rollback_keeps_seeing_what_they_opened(flipped):
    settings = settings_of(flipped.root)
    sql = "select distinct served_by from served.census order by served_by"
    with opened(flipped, settings) as connection:
        before = connection.execute(sql).fetchall()
        rollback(flipped, settings, "census", *WHO)
        assert connection.execute(sql).fetchall() == before == [("legacy",), ("stream",)]


def test_a_rehearsal_leaves_the_views_and_the_ledger_of_readers_alone(proven, signed):
    signed(proven)
    promote(proven, settings_of(proven.root), "census", *WHO)
    before = _rows(proven)
    line = job_entries(proven)["census"]
    rehearse(proven, settings_of(proven.root), "census", *WHO)
    assert _rows(proven) == before
    assert job_entries(proven)["census"][:-1] == line


def test_every_job_that_moves_has_a_view_and_a_kept_one_none_before_its_mart(proven):
    sql = "select view_name from duckdb_views() where schema_name = 'served'"
    with opened(proven, settings_of(proven.root)) as connection:
        shown = {name for (name,) in connection.execute(sql).fetchall()}
    assert shown == {name for name, job in JOBS.items() if job.decision == "to_migrate"}


def test_the_views_work_in_a_sandbox_without_the_messages(flipped):
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        readable = [table for table in TABLES.values() if table.phi != "identified"]
        attach(connection, flipped, "lake", tables=readable)
        show_served(connection, flipped, settings_of(flipped.root))
        tables = [path for path in flipped.root.iterdir() if path.is_dir()]
        allowed = [str(path) for path in (*tables, *served_paths(flipped))]
        connection.execute("set allowed_directories = $1", [allowed])
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        found = connection.execute("select distinct served_by from served.census").fetchall()
    assert sorted(found) == [("legacy",), ("stream",)]


def test_a_flip_is_of_the_newest_night_that_was_compared(flipped):
    assert job_entries(flipped)["census"][-1].evidence["flip_night"] == str(night(5))


def _messages(lake: Lake) -> int:
    with duckdb.connect() as connection:
        attach(connection, lake, "lake")
        (count,) = connection.execute("select count(*) from lake.raw_messages").fetchone()
    return count
