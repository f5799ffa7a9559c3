"""Appends: rows once and only once, whatever happens between."""

import random
import re
import resource
import shutil
import subprocess
import time
from dataclasses import replace

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse import delta_log
from lakehouse.appends import append
from lakehouse.compaction import compact
from lakehouse.errors import AppendError
from lakehouse.lake import Lake
from lakehouse.standing import stands_on
from lakehouse.tables import OBSERVATIONS, PATIENT_DEMOGRAPHICS, RAW_MESSAGES


def test_appended_rows_come_back_as_they_were(lake, rows):
    given = rows(OBSERVATIONS, range(5), value=7.25, code="8867-4")
    assert append(lake, OBSERVATIONS, "icu", 0, given, 4) == 5
    paths = DeltaTable(str(lake.path(OBSERVATIONS))).file_uris()
    stored = pa.parquet.read_table(paths[0], partitioning=None)
    assert stored["value"].to_pylist() == [7.25] * 5
    assert stored["received_at"].type == pa.timestamp("us", tz="UTC")


def test_same_rows_again_add_nothing_and_commit_nothing(lake, rows, offsets):
    for _ in range(3):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(10)), 9)
    assert offsets(lake) == list(range(10))
    assert delta_log.versions(lake.path(OBSERVATIONS)) == [0, 1]


def test_only_rows_beyond_the_reached_offset_are_added(lake, rows, offsets):
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(10)), 9)
    assert append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(5, 15)), 14) == 5
    assert offsets(lake) == list(range(15))


def test_partitions_and_feeds_have_offsets_of_their_own(lake, rows, offsets):
    for feed, partition in (("icu", 0), ("icu", 1), ("lab", 0)):
        batch = rows(OBSERVATIONS, range(3), feed, partition)
        assert append(lake, OBSERVATIONS, feed, partition, batch, 2) == 3
    assert offsets(lake) == [0, 0, 1, 1, 2, 2]
    assert offsets(lake, feed="lab") == [0, 1, 2]


def test_no_rows_make_no_table(lake, rows):
    assert append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, []), 7) == 0
    assert not lake.has(OBSERVATIONS)


def test_offset_reached_may_lie_beyond_the_last_row(lake, rows, offsets):
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [3]), 9)
    assert append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [8, 9]), 9) == 0
    assert offsets(lake) == [3]


def test_row_of_another_partition_is_refused(lake, rows):
    with pytest.raises(ValueError, match="other places than icu/1"):
        append(lake, OBSERVATIONS, "icu", 1, rows(OBSERVATIONS, range(3), partition=0), 2)


def test_row_beyond_the_offset_to_commit_is_refused(lake, rows):
    with pytest.raises(ValueError, match="beyond the 1 to commit"):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(3)), 1)


def test_second_handle_that_is_stale_adds_nothing(lake, rows, offsets):
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(2)), 1)
    other = Lake.open(lake.root, create=True)
    append(other, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(2, 4)), 3)
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(2, 6)), 5)
    assert append(other, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(2, 6)), 5) == 0
    assert offsets(lake) == list(range(6))


def test_two_processes_that_race_store_every_row_once(lake, offsets, start):
    racers = [start("appending.py", lake.root, 300, 10) for _ in range(2)]
    assert [racer.wait(60) for racer in racers] == [0, 0], racers[0].stderr.read()
    assert offsets(lake) == offsets(lake, RAW_MESSAGES) == list(range(300))


def test_rows_are_stored_once_though_the_process_is_killed_at_any_moment(lake, offsets, start):
    chance = random.Random(20250105)  # noqa: S311
    for _ in range(6):
        process = start("appending.py", lake.root, 400, 10)
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.wait(10)
    finished = start("appending.py", lake.root, 400, 10)
    assert finished.wait(60) == 0, finished.stderr.read()
    assert offsets(lake) == offsets(lake, RAW_MESSAGES) == list(range(400))


def test_compaction_keeps_rows_and_reached_offsets(lake, rows, offsets):
    for first in range(0, 40, 2):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [first, first + 1]), first + 1)
    assert compact(lake, OBSERVATIONS) == 20
    assert len(DeltaTable(str(lake.path(OBSERVATIONS))).file_uris()) == 1
    assert append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(42)), 41) == 2
    assert offsets(lake) == list(range(42))


def test_compaction_of_a_table_without_rows_does_nothing(lake):
    assert compact(lake, OBSERVATIONS) == 0


def test_checkpoint_keeps_reached_offsets(lake, rows):
    for offset in range(102):
        append(
            lake,
            OBSERVATIONS,
            "icu",
            offset % 2,
            rows(OBSERVATIONS, [offset], "icu", offset % 2),
            offset,
        )
    path = lake.path(OBSERVATIONS)
    assert delta_log.checkpoint(path).version == 99
    assert delta_log.transactions(path) == {"icu/0": 100, "icu/1": 101}
    assert DeltaTable(str(path)).transaction_version("icu/0") == 100


def test_failed_append_stores_nothing_and_can_be_made_again(lake, rows, offsets):
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(2)), 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(AppendError):
            append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(2, 4)), 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(2, 4)), 3) == 2
    assert offsets(lake) == [0, 1, 2, 3]


def test_error_of_the_engine_shows_no_stored_value(lake, rows):
    append(lake, PATIENT_DEMOGRAPHICS, "icu", 0, rows(PATIENT_DEMOGRAPHICS, [0]), 0)
    handle = DeltaTable(str(lake.path(PATIENT_DEMOGRAPHICS)))
    handle.alter.add_constraint({"short": "family_name is null or family_name < 'B'"})
    lake.writers.clear()
    named = rows(PATIENT_DEMOGRAPHICS, [1], family_name="Featherstonehaugh")
    with pytest.raises(AppendError) as caught:
        append(lake, PATIENT_DEMOGRAPHICS, "icu", 0, named, 1)
    assert "Featherstone" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_commit_that_was_made_though_its_answer_was_an_error_is_found(lake, rows, offsets):
    for offset in range(98):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [offset]), offset)
    # The checkpoint follows its commit, and cannot take the place of a directory with a file in it.
    in_its_way = delta_log.checkpoint_path(lake.path(OBSERVATIONS), 99)
    in_its_way.mkdir()
    (in_its_way / "file").touch()
    for _ in range(2):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [98]), 98)
    assert delta_log.versions(lake.path(OBSERVATIONS))[-1] == 99
    assert offsets(lake) == list(range(99))


@pytest.mark.parametrize("name", ["lake.before_commit", "lake.committed", "lake.synced"])
@pytest.mark.parametrize("count", [1, 4])
def test_process_that_dies_beside_a_commit_stores_its_rows_once(lake, offsets, start, name, count):
    command = start("appending.py", lake.root, 60, 10)
    assert command.wait(60) == 0
    dying = start("appending.py", lake.root, 90, 10, failpoint=f"{name}:{count}")
    assert dying.wait(60) == -9
    assert start("appending.py", lake.root, 90, 10).wait(60) == 0
    assert offsets(lake) == offsets(lake, RAW_MESSAGES) == list(range(90))


def test_lost_races_are_told_to_whoever_counts_them(lake, rows):
    told = []
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [0]), 0)
    counting = replace(Lake.open(lake.root, create=True), on_retry=told.append)
    append(counting, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [1]), 1)
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [1, 2]), 2)
    append(counting, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [2, 3]), 3)
    assert told == [OBSERVATIONS.name]


def test_raw_messages_say_on_which_versions_of_the_tables_they_stand(lake, rows):
    for offset in range(3):
        append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [offset]), offset)
        append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, [offset]), offset)
    raw = lake.path(RAW_MESSAGES)
    assert [stands_on(raw, v) for v in range(4)] == [
        None,
        *({OBSERVATIONS.name: v} for v in (1, 2, 3)),
    ]


def test_rows_found_in_a_table_are_stood_on_though_another_process_stored_them(lake, rows):
    other = Lake.open(lake.root, create=True)
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, [0]), 0)
    append(other, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(5)), 4)
    append(lake, OBSERVATIONS, "icu", 0, rows(OBSERVATIONS, range(5)), 4)
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, range(5)), 4)
    assert stands_on(lake.path(RAW_MESSAGES), 1) == {OBSERVATIONS.name: 2}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace shows the fsyncs; not installed")
def test_data_file_commit_and_directories_are_forced_onto_the_disk(tmp_path, start):
    trace = tmp_path / "trace"
    process = start("appending.py", tmp_path / "lake", 10, 10)
    assert process.wait(60) == 0
    command = [*process.args[:1], process.args[1], str(tmp_path / "traced"), "10", "10"]
    synced = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace), *command]
    environ = {"PYTHONPATH": str(process.args[1]).split("/tests/")[0]}
    ran = subprocess.run(synced, env=environ, capture_output=True, check=False)
    if b"ptrace" in ran.stderr:
        pytest.skip("this machine lets no process be traced")
    assert ran.returncode == 0, ran.stderr
    table = str(tmp_path / "traced" / "raw_messages")
    paths = re.findall(r"<(" + re.escape(table) + r"[^>]*)>", trace.read_text())
    order = [re.sub(r"part-.*", "part", path.removeprefix(table)) for path in paths]
    day = "/received_date=2025-01-05"
    commit = "/_delta_log/00000000000000000001.json"
    assert order[-5:] == [f"{day}/part", "", day, commit, "/_delta_log"]
