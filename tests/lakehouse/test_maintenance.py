"""Upkeep beside a stream that appends: nothing that anyone still needs is lost."""

import json
import os
import time
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse import delta_log
from lakehouse.appends import append
from lakehouse.batch.legacy import LEGACY_CENSUS
from lakehouse.batch.migration import JOB_LEDGER
from lakehouse.catalogue import read
from lakehouse.compaction import compact
from lakehouse.cuts import cut
from lakehouse.damage import check_table
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry
from lakehouse.lock import attempt
from lakehouse.maintenance import (
    LEAST_RETENTION_HOURS,
    RetentionError,
    checkpoint,
    clean_log,
    may_be_cleaned,
    named_versions,
    stored,
    vacuum,
)
from lakehouse.publishing import replace_rows
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES, TABLES

DAY = 24 * 3600
NAME = OBSERVATIONS.name


@pytest.fixture
def lake(tmp_path):
    """A lake with ten commits of two feeds."""
    found = Lake.open(tmp_path / "lake", create=True)
    for offset in range(10):
        _append(found, OBSERVATIONS, "a" if offset % 2 else "b", offset)
        _append(found, RAW_MESSAGES, "a" if offset % 2 else "b", offset)
    return found


def test_checkpoint_carries_the_place_that_every_feed_has_reached(lake):
    before = delta_log.transactions(_path(lake))
    done = checkpoint(NAME, _path(lake))
    assert done.transactions == 2
    assert delta_log.checkpoint(_path(lake)).version == done.version == 10
    assert delta_log.transactions(_path(lake)) == before
    check_table(_path(lake))


def test_cleaned_log_still_refuses_rows_that_the_table_has(lake):
    _age(_path(lake) / delta_log.LOG, days=40)
    rows, reached = read(lake, OBSERVATIONS).num_rows, delta_log.transactions(_path(lake))
    done = clean_log(NAME, _path(lake))
    assert done.files > 0
    assert delta_log.transactions(_path(lake)) == reached == {"a/0": 9, "b/0": 8}
    handle = DeltaTable(str(_path(lake)))
    assert handle.transaction_version("a/0") == 9
    assert _append(Lake.open(lake.root, create=True), OBSERVATIONS, "a", 9) == 0
    assert _append(Lake.open(lake.root, create=True), OBSERVATIONS, "a", 11) == 1
    assert read(lake, OBSERVATIONS).num_rows == rows
    check_table(_path(lake))


def test_handle_that_was_open_before_the_clean_up_goes_on_appending(lake):
    _age(_path(lake) / delta_log.LOG, days=40)
    clean_log(NAME, _path(lake))
    assert _append(lake, OBSERVATIONS, "a", 11) == 1
    assert _append(lake, OBSERVATIONS, "a", 11) == 0


def test_young_log_files_stay(lake):
    assert clean_log(NAME, _path(lake)).files == 0


def test_only_logs_that_nobody_needs_may_be_cleaned():
    assert not may_be_cleaned(RAW_MESSAGES.name)
    assert not may_be_cleaned(LEGACY_CENSUS.name)
    assert not may_be_cleaned("marts.fct_scores")
    assert all(may_be_cleaned(name) for name in TABLES if name != RAW_MESSAGES.name)


def test_vacuum_only_counts_unless_told_and_keeps_every_row(lake):
    rows = read(lake, OBSERVATIONS)
    assert compact(lake, OBSERVATIONS) == 10
    _age_removals(_path(lake))
    counted = vacuum(lake, NAME, _path(lake), keep=())
    assert counted.files == 10
    assert counted.bytes > 0
    assert len(_files(lake)) == 11
    deleted = vacuum(lake, NAME, _path(lake), keep=(), dry_run=False)
    assert deleted.files == 10
    assert len(_files(lake)) == 1
    assert read(lake, OBSERVATIONS).equals(rows)
    assert _append(lake, OBSERVATIONS, "a", 9) == 0
    check_table(_path(lake))


def test_vacuum_leaves_what_was_taken_out_this_week(lake):
    compact(lake, OBSERVATIONS)
    assert vacuum(lake, NAME, _path(lake), keep=(), dry_run=False).files == 0


def test_version_that_a_ledger_names_stays_readable(lake):
    _decide(lake, {NAME: 4})
    compact(lake, OBSERVATIONS)
    _age_removals(_path(lake))
    keep = named_versions(lake)[NAME]
    assert keep == (4,)
    done = vacuum(lake, NAME, _path(lake), keep=keep, dry_run=False)
    assert (done.files, done.kept_versions) == (6, (4,))
    files = DeltaTable(str(_path(lake)), version=4).file_uris()
    with duckdb.connect() as connection:
        counted = connection.execute("select count(*) from read_parquet(?)", [files]).fetchone()
    assert counted == (4,)


def test_less_than_a_week_is_refused(lake):
    with pytest.raises(RetentionError, match="at least 168 h"):
        vacuum(lake, NAME, _path(lake), keep=(), hours=LEAST_RETENTION_HOURS - 1)


def test_vacuum_leaves_a_table_that_is_being_compacted(lake):
    with attempt(lake.root / f".{NAME}.compaction.lock"):
        assert vacuum(lake, NAME, _path(lake), keep=(), dry_run=False) is None


def test_every_table_and_mart_that_exists_is_kept_up(lake):
    assert set(stored(lake)) == {NAME, RAW_MESSAGES.name}
    _land(lake)
    assert LEGACY_CENSUS.name in stored(lake)


def test_upkeep_moves_no_cut(lake):
    before = cut(lake)
    for name, path in stored(lake).items():
        _age(path / delta_log.LOG, days=40)
        clean_log(name, path)
    assert cut(lake) == before


def _append(lake, table, feed, offset):
    at = datetime(2026, 1, 5, tzinfo=UTC)
    row = {"feed": feed, "partition": 0, "offset": offset, "row": 0, "disposition": "parsed"}
    row |= {"received_at": at, "received_date": at.date(), "observation_id": str(offset)}
    rows = pa.Table.from_pylist([row], table.schema)
    return append(lake, table, feed, 0, rows, offset)


def _decide(lake, versions):
    at = datetime(2026, 1, 5, tzinfo=UTC)
    row = {"job": "vitals", "number": 1, "event": "declared", "to_state": "LEGACY", "at": at}
    row |= {"by": "someone", "evidence": "{}", "cut": "[]", "rules_version": "1"}
    row["delta_versions"] = json.dumps(versions)
    append_entry(lake, JOB_LEDGER, "vitals", 1, pa.Table.from_pylist([row], JOB_LEDGER.schema))


def _land(lake):
    row = dict.fromkeys(LEGACY_CENSUS.schema.names, "x") | {"night": date(2026, 1, 5), "line": 1}
    with duckdb.connect() as connection:
        connection.register("rows", pa.Table.from_pylist([row], LEGACY_CENSUS.schema))
        replace_rows(connection, lake, LEGACY_CENSUS, "rows", run="test")


def _age(folder, days):
    """Make files look as old as they would be."""
    then = time.time() - days * DAY
    for path in folder.iterdir():
        os.utime(path, (then, then))


def _age_removals(path):
    """Let the newest commit have taken its files out eight days ago."""
    newest = delta_log.commit_path(path, delta_log.versions(path)[-1])
    lines = [json.loads(line) for line in newest.read_text().splitlines()]
    for line in lines:
        if "remove" in line:
            line["remove"]["deletionTimestamp"] -= 8 * DAY * 1000
    newest.write_text("\n".join(map(json.dumps, lines)) + "\n")


def _path(lake):
    return lake.path(OBSERVATIONS)


def _files(lake):
    return list(_path(lake).rglob("*.parquet"))
