"""A lake of an older version: brought up when it is written, readable where it is not."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from lakehouse import upgrades
from lakehouse.appends import append
from lakehouse.catalogue import attach, read
from lakehouse.compaction import compact
from lakehouse.cuts import cut
from lakehouse.doctor.marker import mend_marker
from lakehouse.errors import LakeVersionError
from lakehouse.lake import MARKER, Lake
from lakehouse.tables import ALERTS, LAKE_VERSION, OBSERVATIONS, RAW_MESSAGES, TABLES

NEW = ("original_partition", "original_offset")
# As the first release wrote it.
RAW_MESSAGES_1 = replace(
    RAW_MESSAGES, columns=tuple(c for c in RAW_MESSAGES.columns if c.name not in NEW)
)


@pytest.fixture
def old(tmp_path, rows):
    """A lake of version 1, with three messages."""
    root = tmp_path / "old"
    lake = Lake.open(root, create=True)
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(3)), 2)
    DeltaTable.create(root / "raw_messages", RAW_MESSAGES_1.schema, partition_by=["received_date"])
    write_deltalake(
        str(root / "raw_messages"),
        rows(RAW_MESSAGES_1, range(3), raw=b"MSH|"),
        mode="append",
        commit_properties=CommitProperties(app_transactions=[Transaction("icu/0", 2)]),
    )
    mark(root, 1)
    return root


NEW_3 = ("contexts", "declared_severity", "route")
ALERTS_2 = replace(ALERTS, columns=tuple(c for c in ALERTS.columns if c.name not in NEW_3))


@pytest.fixture
def second(tmp_path, rows):
    """A lake of version 2, with two messages and an alert of each."""
    root = tmp_path / "second"
    lake = Lake.open(root, create=True)
    DeltaTable.create(root / "alerts", ALERTS_2.schema, partition_by=["received_date"])
    write_deltalake(
        str(root / "alerts"),
        rows(ALERTS_2, range(2), severity="high"),
        mode="append",
        commit_properties=CommitProperties(app_transactions=[Transaction("icu/0", 1)]),
    )
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(2)), 1)
    mark(root, 2)
    return root


@pytest.fixture
def third(tmp_path, rows):
    """A lake of version 3, with two messages and a row of each in every table that got columns."""
    root = tmp_path / "third"
    lake = Lake.open(root, create=True)
    for name, added in upgrades.ADDED[4].items():
        old = replace(
            TABLES[name], columns=tuple(c for c in TABLES[name].columns if c.name not in added)
        )
        DeltaTable.create(root / name, old.schema, partition_by=["received_date"])
        write_deltalake(
            str(root / name),
            rows(old, range(2)),
            mode="append",
            commit_properties=CommitProperties(app_transactions=[Transaction("icu/0", 1)]),
        )
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(2)), 1)
    mark(root, 3)
    return root


def mark(root, version):
    content = {"lake_version": version, "created_by": "pulsehouse 0.1.0"}
    (root / MARKER).write_text(json.dumps(content))


def marked(root):
    return json.loads((root / MARKER).read_text())["lake_version"]


def columns(root):
    return [field.name for field in DeltaTable(str(root / "raw_messages")).schema().fields]


def test_old_lake_that_is_opened_for_writing_is_brought_up_once(old):
    lake = Lake.open(old, create=True)
    assert (lake.version, marked(old)) == (LAKE_VERSION, LAKE_VERSION)
    assert columns(old) == RAW_MESSAGES.schema.names
    version = DeltaTable(str(old / "raw_messages")).version()
    Lake.open(old, create=True)
    assert DeltaTable(str(old / "raw_messages")).version() == version


def test_upgraded_table_has_the_schema_of_a_new_one(old, tmp_path, rows):
    Lake.open(old, create=True)
    new = Lake.open(tmp_path / "new", create=True)
    append(new, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, [0]), 0)
    schemas = [
        DeltaTable(str(root / "raw_messages")).schema().to_json() for root in (old, new.root)
    ]
    assert schemas[0] == schemas[1]


def test_rows_go_on_after_an_upgrade_and_files_are_joined(old, rows):
    lake = Lake.open(old, create=True)
    more = rows(RAW_MESSAGES, range(6), original_partition=1000, original_offset=7)
    assert append(lake, RAW_MESSAGES, "icu", 0, more, 5) == 3
    for _ in range(2):
        stored = read(lake, RAW_MESSAGES)
        assert stored["original_offset"].to_pylist() == [None] * 3 + [7] * 3
        assert stored["raw"].to_pylist()[:3] == [b"MSH|"] * 3
        compact(lake, RAW_MESSAGES)
    assert cut(lake)["icu", 0] == 5


def test_upgrade_that_was_interrupted_before_the_marker_is_finished(old):
    upgrades.upgrade(old, 1)
    assert marked(old) == 1
    assert Lake.open(old, create=True).version == LAKE_VERSION
    assert columns(old).count("original_offset") == 1


def test_old_lake_without_messages_is_brought_up(tmp_path):
    Lake.open(tmp_path / "old", create=True)
    mark(tmp_path / "old", 1)
    Lake.open(tmp_path / "old", create=True)
    assert marked(tmp_path / "old") == LAKE_VERSION


def test_old_lake_is_read_as_it_is(old):
    lake = Lake.open(old, create=False)
    assert lake.version == 1
    found = read(lake, RAW_MESSAGES)
    assert found.schema.names == RAW_MESSAGES.schema.names
    assert found["original_partition"].to_pylist() == [None] * 3
    assert found["offset"].to_pylist() == [0, 1, 2]
    assert marked(old) == 1


@pytest.mark.parametrize("create", [True, False])
def test_readers_of_other_rooms_see_an_old_lake_whole(old, create):
    lake = Lake.open(old, create=create)
    with duckdb.connect() as connection:
        attach(connection, lake, "lake")
        sql = "select count(*), count(original_offset) from lake.raw_messages"
        assert connection.execute(sql).fetchone() == (3, 0)


def test_upgrades_that_race_add_the_columns_once(old, start):
    racers = [start("appending.py", old, 20, 10) for _ in range(3)]
    assert [racer.wait(60) for racer in racers] == [0, 0, 0], racers[0].stderr.read()
    assert columns(old) == RAW_MESSAGES.schema.names
    assert read(Lake.open(old, create=False), RAW_MESSAGES)["offset"].to_pylist() == [*range(20)]


@pytest.mark.parametrize("version", [0, LAKE_VERSION + 1, "1", None])
def test_lake_of_no_known_version_is_refused(old, version):
    mark(old, version)
    with pytest.raises(LakeVersionError, match="use the release that wrote it"):
        Lake.open(old, create=True)


def test_contract_names_every_column_that_an_upgrade_adds():
    assert [column.name for column in upgrades.lacking(1, RAW_MESSAGES)] == list(NEW)
    for version in (1, 2):
        assert [column.name for column in upgrades.lacking(version, ALERTS)] == list(NEW_3)
    assert upgrades.lacking(LAKE_VERSION, RAW_MESSAGES) == ()


def stored(root, table="alerts"):
    return DeltaTable(str(root / table)).schema().to_json()


def test_lake_of_version_2_gets_the_contexts_of_alerts_and_takes_new_ones(second, tmp_path, rows):
    lake = Lake.open(second, create=True)
    assert marked(second) == LAKE_VERSION
    since = datetime(2026, 1, 5, tzinfo=UTC)
    place = {"feed": "icu", "partition": 0, "offset": 1, "row": 0}
    context = {"context": "dnr", "effect": "mark", "reason": "known", "since": since, **place}
    more = rows(ALERTS, range(4), contexts=[context], route="unit", declared_severity="high")
    assert append(lake, ALERTS, "icu", 0, more, 3) == 2
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(4)), 3)
    found = read(lake, ALERTS)
    assert found["contexts"].to_pylist() == [None, None, [context], [context]]
    assert found["route"].to_pylist() == [None, None, "unit", "unit"]
    new = Lake.open(tmp_path / "new", create=True)
    append(new, ALERTS, "icu", 0, rows(ALERTS, [0]), 0)
    assert stored(second) == stored(new.root)


def test_lake_of_version_2_is_read_as_it_is(second):
    lake = Lake.open(second, create=False)
    assert lake.version == 2
    found = read(lake, ALERTS)
    assert found.schema.names == ALERTS.schema.names
    assert found["contexts"].to_pylist() == [None, None]
    assert found["severity"].to_pylist() == ["high", "high"]


def test_marker_that_is_lost_is_written_for_the_oldest_of_the_tables(second):
    (second / MARKER).unlink()
    mend_marker(second, datetime(2026, 1, 5, tzinfo=UTC))
    assert marked(second) == 2
    Lake.open(second, create=True)
    mend_marker(second, datetime(2026, 1, 5, tzinfo=UTC))
    assert marked(second) == LAKE_VERSION


NEW_4 = ("procedures", "allergies", "flags", "notes")


def test_lake_of_version_3_takes_rows_with_every_new_column_and_in_new_tables(third, rows):
    lake = Lake.open(third, create=True)
    assert marked(third) == LAKE_VERSION
    for name in (*upgrades.ADDED[4], *NEW_4):
        append(lake, TABLES[name], "icu", 0, rows(TABLES[name], range(4)), 3)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(4)), 3)
    for name, added in upgrades.ADDED[4].items():
        found = read(lake, TABLES[name])
        assert found["offset"].to_pylist() == [0, 1, 2, 3]
        assert all(found[column].null_count >= 2 for column in added)
    assert [read(lake, TABLES[name]).num_rows for name in NEW_4] == [4, 4, 4, 4]


def test_lake_of_version_3_is_read_as_it_is(third):
    lake = Lake.open(third, create=False)
    assert lake.version == 3
    for name, added in upgrades.ADDED[4].items():
        found = read(lake, TABLES[name])
        assert all(found[column].null_count == 2 for column in added)
    assert [read(lake, TABLES[name]).num_rows for name in NEW_4] == [0, 0, 0, 0]
