"""Damage at the tail of a table is found before anything is read or written."""

import pytest

from lakehouse import delta_log
from lakehouse.appends import append
from lakehouse.compaction import compact
from lakehouse.errors import LakeDamagedError
from lakehouse.lake import Lake
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES


@pytest.fixture
def table(lake, rows):
    for offset in range(5):
        append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, [offset]), offset)
    return lake.path(RAW_MESSAGES)


def found(lake, *, create=True):
    with pytest.raises(LakeDamagedError) as caught:
        Lake.open(lake.root, create=create)
    assert caught.value.exit_code == 4
    assert "pulsehouse doctor --repair" in str(caught.value)
    return caught.value.table, caught.value.version


def test_whole_lake_opens(lake, table):
    assert Lake.open(lake.root, create=True).has(RAW_MESSAGES)


@pytest.mark.parametrize("version", [3, 4, 5])
@pytest.mark.parametrize("create", [True, False])
def test_empty_commit_is_found(lake, table, version, create):
    delta_log.commit_path(table, version).write_bytes(b"")
    assert found(lake, create=create) == ("raw_messages", version)


def test_commit_of_zero_bytes_filled_up_with_nul_is_found(lake, table):
    path = delta_log.commit_path(table, 5)
    path.write_bytes(bytes(path.stat().st_size))
    assert found(lake) == ("raw_messages", 5)


def test_torn_commit_is_found_wherever_it_breaks_off(lake, table):
    path = delta_log.commit_path(table, 5)
    whole = path.read_bytes()
    for length in range(1, len(whole), 97):
        path.write_bytes(whole[:length])
        assert found(lake) == ("raw_messages", 5)


def test_missing_or_short_data_file_is_found(lake, table):
    file = table / delta_log.added(table, 5)[0].path
    whole = file.read_bytes()
    for content in (whole[:100], b""):
        file.write_bytes(content)
        assert found(lake) == ("raw_messages", 5)
    file.unlink()
    assert found(lake) == ("raw_messages", 5)


def test_missing_commit_between_others_is_found(lake, table):
    delta_log.commit_path(table, 4).unlink()
    assert found(lake) == ("raw_messages", 5)


def test_files_that_a_compaction_left_behind_may_be_gone(lake, table):
    compact(lake, RAW_MESSAGES)
    for path in delta_log.removed(table, 6):
        (table / path).unlink()
    assert Lake.open(lake.root, create=True)


def test_torn_checkpoint_is_found(lake, rows):
    for offset in range(100):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [offset]), offset)
    log = lake.path(OBSERVATIONS) / delta_log.LOG
    (file,) = log.glob("*.checkpoint.parquet")
    whole = file.read_bytes()
    for path, content in ((file, whole[:-9]), (file, b""), (log / "_last_checkpoint", b"{")):
        kept = path.read_bytes()
        path.write_bytes(content)
        assert found(lake)[0] == "observations"
        path.write_bytes(kept)
    assert Lake.open(lake.root, create=True)
