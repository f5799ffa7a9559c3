"""A replay in arrival order is equal to the stream, and says where it is not."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from deltalake import write_deltalake

from lakehouse.batch.replays import REPLAY_DIFFERENCES, REPLAY_RUNS
from lakehouse.batch_reading import read_batch
from lakehouse.catalogue import equip, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import SCORES
from orchestration.replays import bounded
from orchestration.replays.arrival import replay_in_arrival_order
from orchestration.replays.errors import ReplayError
from orchestration.replays.runs import ReplayRun
from orchestration.replays.scratch import scratch, sweep
from tests.orchestration.hospital import FIRST_NIGHT, Hospital
from tests.orchestration.replays.ward import ILL, WELL, Ward


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of a small ward: two days, a correction, a merge and alerts."""
    told = Ward()
    for hour in range(1, 20):
        for patient in ("1", "2", "3"):
            values = ILL if hour % 6 == int(patient) else WELL
            told.charted(patient, values, f"{hour:02d}:00", f"{hour:02d}:2{patient}")
    told.charted("1", {"heart_rate": 70}, "07:00", "20:00", status="C")
    told.merged("3", "2", "21:00")
    told.charted("2", ILL, "22:00")
    return told.lake(tmp_path_factory.mktemp("ward")).root


@pytest.fixture
def copied(ward: Path, tmp_path: Path) -> Path:
    """A copy of the ward's lake that a test may write to."""
    return shutil.copytree(ward, tmp_path / "lake")


def replayed(root: Path, nights: int | None = None) -> ReplayRun:
    lake = Lake.open(root, create=True)
    return replay_in_arrival_order(lake, Settings(lake=root), nights=nights)


def differences(root: Path) -> list[dict[str, object]]:
    return read_batch(Lake.open(root, create=False), REPLAY_DIFFERENCES).to_pylist()


def rewrite(root: Path, change: str) -> None:
    """Replace the stored scores by what a query over them says: what no stream would do."""
    path = str(Lake.open(root, create=False).path(SCORES))
    with duckdb.connect() as connection:
        equip(connection)
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create table stored as from delta_scan({quoted_text(path)})")
        rows = connection.execute(change).to_arrow_table()
    write_deltalake(path, SCORES.conform(rows), mode="overwrite", partition_by=["received_date"])


def test_the_stream_of_a_hospital_is_equal_to_its_replay(
    hospital: Hospital, tmp_path: Path
) -> None:
    place = hospital.copy(tmp_path)
    run = replay_in_arrival_order(place.lake, place.settings)
    assert run.is_equal
    assert run.differing == 0
    assert run.rows > run.messages > 1_000
    (row,) = read_batch(place.lake, REPLAY_RUNS).to_pylist()
    assert (row["replay_id"], row["is_equal"]) == (run.replay_id, True)
    assert json.loads(row["tables"])["scores"]["rows"] > 0
    assert Cut.from_json(json.loads(row["cut"])) == run.cut
    assert [path.name for path in (place.lake.root / "replays").iterdir()] == ["replay_runs"]


def test_the_last_nights_are_equal_after_recollecting_what_was_before(
    hospital: Hospital, tmp_path: Path
) -> None:
    place = hospital.copy(tmp_path)
    run = replay_in_arrival_order(place.lake, place.settings, nights=4)
    assert run.is_equal
    first = run.first_received_at
    assert run.messages > 0
    assert first is not None
    assert first.date() > FIRST_NIGHT


# What is done to some rows of `scores`, by their place among those of NEWS2, and what is found.
TAMPERING = """
with numbered as (
    select *, if(score = 'news2', row_number() over (
        partition by score = 'news2' order by feed, "partition", "offset", "row"
    ), 0) as n
    from stored
),
changed as (
    select * replace (
        if(n = 3, observed + 1, observed) as observed,
        if(n = 5, list_transform(components, lambda c, i: if(
            i = 1, struct_update(c, "value" := c."value" + 1), c
        )), components) as components,
        if(n = 13, received_at + interval 1 second, received_at) as received_at
    )
    from numbered where n <> 7
)
select * exclude (n) from changed
union all
select * exclude (n) replace ((500 + "row")::integer as "row") from changed where n = 9
union all
select * exclude (n) from changed where n = 11
"""
FOUND = {
    ("both", "observed"): 1,
    ("both", "components"): 1,
    ("both", "received_at"): 1,
    ("replay", ""): 1,
    ("stream", ""): 1,
    ("repeated", ""): 1,
}


def test_rows_that_were_changed_dropped_added_or_doubled_are_named(copied: Path) -> None:
    rewrite(copied, TAMPERING)
    run = replayed(copied)
    assert run.is_equal is False
    assert run.differing == run.tables["scores"]["differing"] == len(FOUND)
    named = differences(copied)
    assert {row["table_name"] for row in named} == {"scores"}
    assert {row["replay_id"] for row in named} == {run.replay_id}
    assert Counter((row["side"], ",".join(row["columns"] or ())) for row in named) == FOUND
    assert all(json.loads(str(row["key"]))["offset"] == row["offset"] for row in named)


def test_rows_of_other_rules_prove_nothing_and_are_told_apart(copied: Path) -> None:
    rewrite(copied, "select * replace ('older' as rules_version) from stored")
    run = replayed(copied)
    assert run.is_equal is None
    rows = run.tables["scores"]["rows"]
    assert run.other_rules == {"older": {"rows": rows, "differing": rows}}
    assert "other rules (older)" in run.verdict


def test_an_empty_lake_has_nothing_to_replay(tmp_path: Path) -> None:
    run = replayed(tmp_path / "lake")
    assert (run.messages, run.is_equal) == (0, None)


def test_a_backfill_that_fails_concludes_nothing(copied: Path, tmp_path: Path) -> None:
    settings = Settings(lake=copied, feeds=tmp_path)
    with pytest.raises(ReplayError, match="unknown feed"):
        replay_in_arrival_order(Lake.open(copied, create=True), settings)
    assert read_batch(Lake.open(copied, create=False), REPLAY_RUNS).num_rows == 0
    assert list((copied / "replays").iterdir()) == []


def test_a_killed_backfill_may_be_tried_again() -> None:
    with pytest.raises(ReplayError, match="killed by signal 9") as error:
        bounded.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    assert error.value.was_killed


def test_a_scratch_lake_that_was_left_goes_and_one_in_use_stays(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    left = lake.root / "replays" / "scratch-left" / "lake"
    left.mkdir(parents=True)
    with scratch(lake, "in-use") as place:
        assert not left.parent.exists()
        assert sweep(lake) == 0
        assert place.is_dir()
    assert not place.exists()


def _held(lake: Path) -> Callable[[], "subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.lakehouse.holding", str(lake)]
    return lambda: subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_scratch_lake_stays_while_the_backfill_of_a_dead_replay_runs(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    place = lake.root / "replays" / "scratch-dead"
    place.mkdir(parents=True)
    with _held(place / "lake")() as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        assert sweep(lake) == 0
        holder.kill()
    assert sweep(lake) == 1
