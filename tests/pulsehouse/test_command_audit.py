"""`pulsehouse audit verify | export`: both chains, and exit code 3 where one was touched."""

import json
import sqlite3
from datetime import UTC, datetime

import pytest

from lakehouse import audit
from lakehouse.lake import Lake
from streaming.desk.auditing import records
from streaming.desk.auditing.anchors import Anchors
from streaming.desk.auditing.chain import Record
from tests.streaming.desk.desks import desk_at

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path):
    """A lake with an audit of its own and one of its desk, three entries each."""
    with desk_at(tmp_path) as desk:
        written = [Record(NOW, "ada", f"act-{n}", "ok", "GET /", None, (), ("B/7",)) for n in "abc"]
        for record in written:
            Anchors(desk.lake.root).keep_now(records.record(desk.engine, record))
    lake = Lake.open(tmp_path / "lake", create=False)
    for query in ("select 1", "select 2", "select 3"):
        audit.record(lake, audit.Read("sql", ("raw_messages",), query), now=NOW, by="ada")
    return lake.root


def _change(lake, statement):
    with sqlite3.connect(lake / "desk" / "desk.sqlite") as connection:
        connection.execute(statement)
    connection.close()


def test_both_audits_hold_as_they_were_written(command, lake):
    done = command("audit", "verify", "--lake", lake)
    assert (done.code, done.err) == (0, "")
    assert [line.split(";")[0] for line in done.out.splitlines()] == [
        "restricted reads: 3 entries, unbroken",
        "desk: 3 entries, unbroken",
    ]


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("update audit set who = 'bob' where number = 2", 2),
        ("delete from audit where number = 3", 3),
    ],
)
def test_a_touched_row_is_named_and_the_exit_code_says_so(command, lake, statement, first):
    _change(lake, statement)
    done = command("audit", "verify", "--lake", lake, "--json")
    assert done.code == 3
    told = {one["audit"]: one["broken"] for one in json.loads(done.out)}
    assert told == {"restricted reads": None, "desk": first}


def test_a_chain_whose_end_and_head_were_taken_off_is_missed_by_its_anchors(command, lake):
    _change(lake, "delete from audit where number = 3")
    _change(
        lake,
        "update audit_head set number = 2, sha256 = (select max(sha256) from audit "
        "where number = 2)",
    )
    done = command("audit", "verify", "--lake", lake)
    assert done.code == 3
    assert "desk: broken at entry 3: entry 3 was anchored, and is gone" in done.out


def test_a_lake_without_a_desk_has_one_audit(command, tmp_path):
    Lake.open(tmp_path, create=True)
    done = command("audit", "verify", "--lake", tmp_path, "--json")
    assert (done.code, len(json.loads(done.out))) == (0, 1)
    assert not (tmp_path / "desk").exists()
    assert command("audit", "export", "--lake", tmp_path).out == ""


def test_the_desk_s_audit_is_exported_as_one_event_in_a_line(command, lake):
    done = command("audit", "export", "--lake", lake)
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["subtype"][0]["code"] for event in events] == ["act-a", "act-b", "act-c"]
    assert command("audit", "export", "--lake", lake, "--since", "2026-03-03").out == ""


def test_the_reads_of_the_lake_are_shown_as_before(command, lake):
    done = command("audit", "--lake", lake, "--json")
    assert (done.code, len(json.loads(done.out)["reads"])) == (0, 3)
