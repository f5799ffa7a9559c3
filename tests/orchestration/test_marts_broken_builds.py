"""Builds that fail, are killed, race or go backwards: what is published stays until replaced."""

import gzip
import json
import os
import shutil
import signal
import time
from importlib.resources import files
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.cuts import Cut
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming.replay import Options, replay
from tests.orchestration.dbt_runs import PROJECT, dbt, finished, reader, started

SAMPLE = Path(str(files("pulsehouse") / "sample" / "mimic3_sample.hl7.gz"))
# Two models that need no other, and one that reads the first.
CHOSEN = ("--select", "fct_encounters", "fct_scores", "census_hourly")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A small lake whose marts were built yesterday."""
    place = tmp_path_factory.mktemp("broken")
    messages = gzip.decompress(SAMPLE.read_bytes()).split(b"MSH")[1:1_001]
    (place / "feed.hl7").write_bytes(b"".join(b"MSH" + message for message in messages))
    lake = Lake.open(place / "lake", create=True)
    replay(lake, load_profile("mimic3"), [place / "feed.hl7"], Options(batch=1_000))
    dbt(lake, "run", *CHOSEN)
    return lake


def test_model_that_fails_leaves_its_mart_and_those_that_rest_on_it(
    built: Lake, tmp_path: Path
) -> None:
    """The error is that of the model, and the models that do not rest on it are built."""
    broken = tmp_path / "dbt_project"
    shutil.copytree(PROJECT, broken, ignore=shutil.ignore_patterns("target", "logs"))
    model = broken / "models" / "marts" / "fct_encounters.sql"
    fault = "cast(error('no such ward') as varchar) as unit,"
    whole = model.read_text()
    model.write_text(whole.replace("        unit,", fault))
    assert model.read_text() != whole
    before = _versions(built)
    code, said = finished(started(built, "run", *CHOSEN, project=broken))
    after = _versions(built)
    assert code != 0
    assert "in model fct_encounters" in said
    assert after["fct_scores"] == before["fct_scores"] + 1
    assert {**after, "fct_scores": 0} == {**before, "fct_scores": 0}


def test_build_that_is_killed_leaves_marts_that_can_be_read_and_built_again(built: Lake) -> None:
    rows = _rows(built)
    before = _versions(built)
    run = started(built, "run", *CHOSEN)
    while _versions(built) == before and run.poll() is None:
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    finished(run)
    assert _rows(built) == rows
    dbt(built, "run", *CHOSEN)
    assert _rows(built) == rows


def test_two_builds_at_once_both_succeed(built: Lake) -> None:
    rows = _rows(built)
    runs = [started(built, "run", *CHOSEN) for _ in range(2)]
    for code, said in [finished(run) for run in runs]:
        assert code == 0, said
    assert _rows(built) == rows


def test_build_at_an_earlier_cut_is_refused_unless_it_is_meant(built: Lake) -> None:
    rows = _rows(built)
    earlier = Cut({("mimic3", 0): 10})
    code, said = finished(started(built, "run", *CHOSEN, at=earlier))
    assert code != 0
    assert "build at the newest cut" in said
    assert _rows(built) == rows
    dbt(built, "run", *CHOSEN, "--vars", json.dumps({"backwards": True}), at=earlier)
    assert _rows(built) != rows
    dbt(built, "run", *CHOSEN)
    assert _rows(built) == rows


def _versions(lake: Lake) -> dict[str, int]:
    return {
        path.name: DeltaTable(str(path)).version()
        for path in sorted((lake.root / "marts").iterdir())
    }


def _rows(lake: Lake) -> dict[str, list[tuple[object, ...]]]:
    """What analysts read: how many rows each mart has, and what they come to."""
    with reader(lake) as connection:
        return {
            mart: connection.execute(
                f"select count(*), bit_xor(hash(m)) from marts.{mart} as m"  # noqa: S608 ours
            ).fetchall()
            for mart in ("census_hourly", "fct_encounters", "fct_scores")
        }
