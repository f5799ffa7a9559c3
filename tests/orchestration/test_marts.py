"""The marts: built by dbt over part of the bundled sample, and read as any Delta reader would."""

import gzip
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from lakehouse.catalogue import connect
from lakehouse.cuts import cut
from lakehouse.dbt_delta import Plugin
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming.replay import Options, replay

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "dbt_project"
SAMPLE = Path(str(files("pulsehouse") / "sample" / "mimic3_sample.hl7.gz"))
MARTS = {
    "active_medications",
    "census_hourly",
    "documentation_lag",
    "fct_alerts",
    "fct_encounters",
    "fct_observations",
    "fct_scores",
    "unmapped_codes",
}
DBT = "from dbt.cli.main import cli\ncli()\n"
CURRENT = """
    select count(*) from (
        select * from observations
        where coalesce(not_scored_reason, '') != 'no_value'
           or status in ('corrected', 'entered_in_error', 'cancelled')
        qualify row_number() over (
            partition by facility, patient_id, observation_id
            order by received_at desc, "offset" desc, "row" desc
        ) = 1
    ) where status not in ('entered_in_error', 'cancelled')
"""
AS_KNOWN = """
    select
        (select count(*) from (
            {{ observations_as_known_at("timestamptz '1990-01-01 00:00:00+00'") }}
        )) as before,
        (select count(*) from (
            {{ observations_as_known_at("timestamptz '2990-01-01 00:00:00+00'") }}
        )) as after
"""
FIRST_DATE = "select min(census_date)::varchar from marts.census_hourly"
MISCOUNTED = """
    select count(*)
    from marts.census_hourly as census
    where patients != (
        select count(distinct patient_id)
        from marts.fct_encounters as stays
        where stays.unit = census.unit
          and stays.started_at <= census.hour_at
          and (stays.ended_at is null or stays.ended_at > census.hour_at)
    )
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A lake of the sample's first messages, with its marts; dbt has told no one."""
    place = tmp_path_factory.mktemp("marts")
    messages = gzip.decompress(SAMPLE.read_bytes()).split(b"MSH")[1:]
    lake = Lake.open(place / "lake", create=True)
    _replay(lake, place / "first.hl7", messages[:1_500])
    at = cut(lake)
    _replay(lake, place / "rest.hl7", messages[1_500:2_000])
    _dbt(lake, at, "build")
    return lake, at


def test_build_stores_every_mart_as_delta_with_rows(built):
    lake, _ = built
    assert {path.name for path in (lake.root / "marts").iterdir()} == MARTS
    with _reader(lake) as connection:
        for mart in MARTS:
            assert connection.execute(f"from marts.{mart} limit 1").fetchall()


def test_build_at_a_cut_sees_nothing_beyond_it(built):
    lake, at = built
    with connect(lake, at=at) as connection:
        expected = connection.execute(CURRENT).fetchone()
    with _reader(lake) as connection:
        found = connection.execute(
            'select count(*), max("offset") from marts.fct_observations'
        ).fetchone()
    assert found[0] == expected[0]
    assert found[1] <= at["mimic3", 0]


def test_build_at_the_same_cut_gives_byte_equal_marts_and_replaces_the_partitions_it_names(built):
    lake, at = built
    before = {mart: _files(lake, mart) for mart in MARTS}
    census = _names(lake, "census_hourly")
    with _reader(lake) as connection:
        (date,) = connection.execute(FIRST_DATE).fetchone()
    _dbt(lake, at, "run", "--vars", json.dumps({"census_dates": [date]}))
    assert {mart: _files(lake, mart) for mart in MARTS} == before
    replaced = census - _names(lake, "census_hourly")
    assert {name.parent.name for name in replaced} == {f"census_date={date}"}
    assert census - replaced


def test_commit_says_which_model_and_run_wrote_it(built):
    lake, _ = built
    log = sorted((lake.root / "marts" / "fct_scores" / "_delta_log").glob("*.json"))[-1]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    info = next(line["commitInfo"] for line in lines if "commitInfo" in line)
    assert info["model"] == "fct_scores"
    assert info["invocation"]


def test_census_counts_the_stays_that_cover_the_hour(built):
    lake, _ = built
    with _reader(lake) as connection:
        assert connection.execute(MISCOUNTED).fetchone() == (0,)


def test_observations_as_known_at_a_moment_are_none_before_the_feed_and_the_current_after(built):
    lake, at = built
    shown = _dbt(lake, at, "show", "--inline", AS_KNOWN, "--output", "json")
    with _reader(lake) as connection:
        (count,) = connection.execute("select count(*) from marts.fct_observations").fetchone()
    assert json.loads(shown[shown.index("{") :])["show"] == [{"before": 0, "after": count}]


def _replay(lake, file, messages):
    file.write_bytes(b"".join(b"MSH" + message for message in messages))
    replay(lake, load_profile("mimic3"), [file], Options(batch=1_000))


def _dbt(lake, at, *arguments):
    """One run of dbt in a process of its own, at a cut; whatever it tests is green."""
    place = lake.root.parent / "target"
    command = [sys.executable, "-c", DBT, "--no-use-colors", *arguments]
    command += ["--target-path", place, "--log-path", place]
    command += ["--project-dir", PROJECT, "--profiles-dir", PROJECT]
    environment = os.environ | {
        "PULSEHOUSE_LAKE": str(lake.root),
        "PULSEHOUSE_CUT": json.dumps(at.to_json()),
        "PYTHONPATH": str(ROOT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _reader(lake):
    """A connection of its own with the tables and the marts, as another process would open it."""
    connection = duckdb.connect()
    Plugin("lake", {"lake": str(lake.root)}).configure_connection(connection)
    return connection


def _names(lake, mart):
    """The live files of a mart."""
    return {Path(uri.removeprefix("file://")) for uri in DeltaTable(_path(lake, mart)).file_uris()}


def _files(lake, mart):
    """The bytes of a mart's live files, in a fixed order."""
    return sorted(name.read_bytes() for name in _names(lake, mart))


def _path(lake, mart):
    return str(lake.root / "marts" / mart)
