"""The analyst's connection: one cut, the whole house to read, and nothing to write."""

import gzip
import json
import os
import shlex
from pathlib import Path

import duckdb
import pytest

import pulsehouse
from lakehouse import audit
from lakehouse.answers import ANSWERS
from lakehouse.batch import BATCH_TABLES
from lakehouse.catalogue import LAWS
from lakehouse.cuts import Cut
from lakehouse.errors import LakeNotFoundError, QueryError
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.laws import views
from lakehouse.publishing import Publication, publish
from lakehouse.tables import TABLES
from orchestration.jobs import JOBS
from streaming.replay import Options, replay
from tests.pulsehouse.conftest import SAMPLE

OPEN = {name for name, table in TABLES.items() if table.phi != "identified"}
CURRENT = Path(__file__).parents[2] / "docs" / "current.md"
RESTRICTED = set(TABLES) - OPEN


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A lake of a thousand messages, with one mart."""
    root = tmp_path_factory.mktemp("analyst")
    messages = gzip.decompress(SAMPLE.read_bytes()).split(b"MSH")[1:1_001]
    (root / "some.hl7").write_bytes(b"".join(b"MSH" + message for message in messages))
    lake = Lake.open(root / "lake", create=True)
    replay(lake, load_profile("mimic3"), [root / "some.hl7"], Options(batch=500))
    _publish(lake, 1)
    return root / "lake"


def test_tables_are_found_with_and_without_their_schema(place):
    with pulsehouse.connect(place) as house:
        for name in OPEN:
            assert _count(house, name) == _count(house, f"lake.{name}")
        assert house.sql("select count(*) from observations").fetchone()[0] > 0


def test_connection_stays_at_its_cut(place):
    line = Cut({("mimic3", 0): 99})
    with pulsehouse.connect(place, at=line) as house:
        assert house.cut == line
        (latest,) = house.sql('select max("offset") from observations').fetchone()
        assert latest <= 99


def test_marts_stay_at_the_version_that_was_there_when_it_was_opened(place):
    with pulsehouse.connect(place) as house:
        before = house.sql("select number from marts.fct_made").fetchall()
        _publish(Lake.open(place, create=False), before[0][0] + 1)
        assert house.sql("select number from marts.fct_made").fetchall() == before
    with pulsehouse.connect(place) as house:
        assert house.sql("select number from marts.fct_made").fetchall() != before


def test_every_zone_and_every_nightly_job_can_be_read(place):
    with pulsehouse.connect(place) as house:
        for table in BATCH_TABLES.values():
            assert _count(house, f"{table.zone}.{table.name}") >= 0
        for job in JOBS.values():
            if job.decision == "to_migrate":
                assert _count(house, f"served.{job.name}") == 0


def test_dictionary_describes_every_table_and_column_that_can_be_read(place):
    with pulsehouse.connect(place) as house:
        named = {tuple(row) for row in house.sql('select "schema", name from meta.tables')}
        assert {("lake", name) for name in OPEN} <= named
        assert {(t.zone, t.name) for t in BATCH_TABLES.values()} <= named
        assert not {("lake", name) for name in RESTRICTED} & named
        described = house.sql(
            "select name from meta.columns where \"schema\" = 'lake' and \"table\" = 'scores'"
            " order by position"
        )
        assert [row[0] for row in described] == TABLES["scores"].schema.names
        (silent,) = house.sql(
            "select count(*) from meta.columns where coalesce(description, '') = ''"
        ).fetchone()
        assert silent == 0


def test_dictionary_describes_what_the_laws_answer(place):
    with pulsehouse.connect(place) as house:
        told = set(house.sql('select "schema", name from meta.tables'))
        assert {(answer.schema, answer.name) for answer in ANSWERS} <= told
        for answer in ANSWERS:
            asked = answer.name.replace("known_at", "null").replace("(t", "(now()")
            given = house.sql(f"describe from {asked}").arrow()["column_name"].to_pylist()
            assert [column.name for column in answer.columns] == given


def test_dictionary_names_every_plain_name_of_a_law():
    named = {answer.name for answer in ANSWERS}
    assert {name for name, _ in views(LAWS, tuple(TABLES))} <= named


def _questions():
    pages = [
        path.read_text(encoding="utf-8") for path in (CURRENT, CURRENT.with_name("identities.md"))
    ]
    lines = [line.strip() for page in pages for line in page.splitlines()]
    return [shlex.split(line)[2] for line in lines if line.startswith("pulsehouse sql ")]


def test_questions_in_the_pages_of_what_stands_can_be_asked(place):
    questions = _questions()
    with pulsehouse.connect(place) as house:
        assert questions
        assert all(house.sql(f"explain {question}").columns for question in questions)


def test_dictionary_says_which_cut_and_version_is_read(place):
    with pulsehouse.connect(place) as house:
        found = house.sql(
            "select cut, delta_version from meta.tables where name = 'observations'"
        ).fetchone()
        assert json.loads(found[0]) == house.cut.to_json()
        assert found[1] >= 0


def test_rows_come_as_tuples_arrow_and_data_frame(place):
    with pulsehouse.connect(place) as house:
        answer = house.sql("select ? as number, 'b' as letter", [7])
        assert answer.fetchall() == [(7, "b")]
        assert answer.arrow().to_pydict() == {"number": [7], "letter": ["b"]}
        assert list(answer.df().columns) == answer.columns == ["number", "letter"]
        assert "letter" in answer._repr_html_()


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{lake}/alerts/x.csv'",
        "copy alerts to '{lake}/x.parquet'",
        "create table t as select 1",
        "drop view alerts",
        "attach '{lake}/x.duckdb'",
        "install httpfs",
        "set enable_external_access = true",
        "select 1; drop view alerts",
        "select * from read_text('/etc/passwd')",
        "select * from read_text('{lake}/../some.hl7')",
        "select * from delta_scan('{lake}/raw_messages')",
        "select * from raw_messages",
        "explain analyze copy (select 1) to '{lake}/alerts/x.csv'",
    ],
)
def test_nothing_else_can_be_read_and_nothing_written(place, query):
    before = _files(place)
    with pulsehouse.connect(place) as house, pytest.raises(QueryError):
        house.sql(query.format(lake=place))
    assert _files(place) == before


def test_names_are_read_only_when_asked_for_and_the_audit_knows_it_first(place):
    lake = Lake.open(place, create=False)
    known = len(audit.entries(lake))
    with pulsehouse.connect(place, identified=True) as house:
        assert house.sql("select count(*) from raw_messages").fetchone()[0] == 1_000
        newest = audit.entries(lake)[-1]
    assert len(audit.entries(lake)) == known + 1
    assert set(newest["tables"]) == RESTRICTED
    assert newest["surface"] == "connect"
    assert audit.verify(audit.entries(lake)) is None


def test_command_writes_its_restricted_reads_down_and_verifies_them(command, place):
    query = "select message_control_id from raw_messages limit 1"
    assert command("sql", query, "--lake", place).code == 1
    assert command("sql", query, "--lake", place, "--identified").code == 0
    done = command("audit", "--lake", place, "--json")
    found = json.loads(done.out)
    assert (done.code, found["holds"]) == (0, True)
    assert found["reads"][-1]["surface"] == "sql"


def test_an_analyst_holds_no_lock(place):
    with pulsehouse.connect(place) as house, pulsehouse.connect(place) as other:
        lake = Lake.open(place, create=True)
        _publish(lake, 99)
        assert house.sql("select 1").fetchone() == other.sql("select 1").fetchone()


def test_there_must_be_a_lake(tmp_path):
    with pytest.raises(LakeNotFoundError):
        pulsehouse.connect(tmp_path / "none")


def _count(house, name: str) -> int:
    return int(house.sql(f"from {name} select count(*)").fetchone()[0])


def _publish(lake: Lake, number: int) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table made as select {number} as number")
        publication = Publication("fct_made", "run", ("number",), cut="[]")
        publish(connection, "made", lake.root / "marts" / "fct_made", publication)


def _files(place: Path) -> set[str]:
    return {os.path.join(root, name) for root, _, names in os.walk(place) for name in names}  # noqa: PTH118
