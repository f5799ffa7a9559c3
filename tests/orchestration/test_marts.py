"""The marts: built by dbt over part of the bundled sample, and read as any Delta reader would."""

import gzip
import json
from importlib.resources import files
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.catalogue import connect
from lakehouse.cuts import Cut, cut
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming.replay import Options, replay
from tests.orchestration.dbt_runs import PROJECT, dbt, reader

SAMPLE = Path(str(files("pulsehouse") / "sample" / "mimic3_sample.hl7.gz"))
MARTS = {path.stem for path in (PROJECT / "models" / "marts").glob("*.sql")}
# What the first hours of the sample tell nothing of.
MAY_BE_EMPTY = {"charge_reconciliation", "readmissions_by_quarter", "sepsis_bundle"}
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
# A score's points are those of its parameters; an alert's evidence is a list of the same rows.
MISADDED = """
    select count(*) from marts.fct_scores
    where score = 'news2' and state = 'complete'
      and observed != list_sum(list_transform(components, lambda one: one.points))
"""
EVIDENCE = """
    select count(*), count(*) filter (where len(evidence) = evidence_rows) from marts.fct_alerts
"""

Built = tuple[Lake, Cut]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A lake of the sample's first messages, with its marts; dbt has told no one."""
    place = tmp_path_factory.mktemp("marts")
    messages = gzip.decompress(SAMPLE.read_bytes()).split(b"MSH")[1:]
    lake = Lake.open(place / "lake", create=True)
    _replay(lake, place / "first.hl7", messages[:1_500])
    at = cut(lake)
    _replay(lake, place / "rest.hl7", messages[1_500:2_000])
    dbt(lake, "build", at=at)
    return lake, at


def test_build_stores_every_mart_as_delta_with_rows(built: Built) -> None:
    lake, _ = built
    assert {path.name for path in (lake.root / "marts").iterdir()} == MARTS
    with reader(lake) as connection:
        for mart in MARTS - MAY_BE_EMPTY:
            assert connection.execute(f"from marts.{mart} limit 1").fetchall(), mart


def test_build_at_a_cut_sees_nothing_beyond_it(built: Built) -> None:
    lake, at = built
    with connect(lake, at=at) as connection:
        expected = connection.execute(CURRENT).fetchone()
    with reader(lake) as connection:
        found = connection.execute(
            'select count(*), max("offset") from marts.fct_observations'
        ).fetchone()
    assert found
    assert (found[0],) == expected
    assert found[1] <= at["mimic3", 0]


def test_build_at_the_same_cut_gives_byte_equal_marts_and_replaces_the_partitions_it_names(
    built: Built,
) -> None:
    """An analyst's connection, in the midst of a query, is in nobody's way."""
    lake, at = built
    before = {mart: _files(lake, mart) for mart in MARTS}
    census = _names(lake, "census_hourly")
    with reader(lake) as analyst:
        [(date,)] = analyst.execute(FIRST_DATE).fetchall()
        reading = analyst.execute("from marts.fct_observations")
        assert reading.fetchone()
        dbt(lake, "run", "--vars", json.dumps({"census_dates": [date]}), at=at)
        assert reading.fetchall()
    assert {mart: _files(lake, mart) for mart in MARTS} == before
    replaced = census - _names(lake, "census_hourly")
    assert {name.parent.name for name in replaced} == {f"census_date={date}"}
    assert census - replaced


def test_commit_says_which_model_and_run_wrote_it_and_at_which_cut(built: Built) -> None:
    lake, at = built
    log = sorted((lake.root / "marts" / "fct_scores" / "_delta_log").glob("*.json"))[-1]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    info = next(line["commitInfo"] for line in lines if "commitInfo" in line)
    assert info["model"] == "fct_scores"
    assert info["invocation"]
    assert json.loads(info["cut"]) == at.to_json()


def test_census_counts_the_stays_that_cover_the_hour(built: Built) -> None:
    with reader(built[0]) as connection:
        assert connection.execute(MISCOUNTED).fetchone() == (0,)


def test_points_of_the_components_add_up_to_the_score(built: Built) -> None:
    with reader(built[0]) as connection:
        assert connection.execute(MISADDED).fetchone() == (0,)


def test_alerts_carry_the_evidence_they_were_raised_on(built: Built) -> None:
    with reader(built[0]) as connection:
        [(alerts, whole)] = connection.execute(EVIDENCE).fetchall()
    assert alerts == whole > 0


def test_observations_as_known_at_a_moment_are_none_before_the_feed_and_the_current_after(
    built: Built,
) -> None:
    lake, at = built
    shown = dbt(lake, "show", "--inline", AS_KNOWN, "--output", "json", at=at)
    with reader(lake) as connection:
        [(count,)] = connection.execute("select count(*) from marts.fct_observations").fetchall()
    assert json.loads(shown[shown.index("{") :])["show"] == [{"before": 0, "after": count}]


def _replay(lake: Lake, file: Path, messages: list[bytes]) -> None:
    file.write_bytes(b"".join(b"MSH" + message for message in messages))
    replay(lake, load_profile("mimic3"), [file], Options(batch=1_000))


def _names(lake: Lake, mart: str) -> set[Path]:
    """The live files of a mart."""
    table = DeltaTable(str(lake.root / "marts" / mart))
    return {Path(uri.removeprefix("file://")) for uri in table.file_uris()}


def _files(lake: Lake, mart: str) -> list[bytes]:
    """The bytes of a mart's live files, in a fixed order."""
    return sorted(name.read_bytes() for name in _names(lake, mart))
