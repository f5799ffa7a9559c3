"""What the command tells of a lake: status, queries, explanations."""

import csv
import io
import json

import pytest


def _rows(command, lake, query, *options):
    done = command("sql", query, "--lake", lake, "--json", *options)
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.fixture(scope="module")
def alert_id(command, filled):
    lake, _ = filled
    query = "select alert_id from alerts where rule_family = 'news2' order by alert_id limit 1"
    return _rows(command, lake, query)[0]["alert_id"]


def test_status_balances_and_counts_as_the_replay_did(command, filled):
    lake, replayed = filled
    done = command("status", "--lake", lake, "--json")
    assert done.code == 0, done.err
    found, added = json.loads(done.out), json.loads(replayed.out)
    (ledger,) = found["ledger"]
    assert (ledger["journaled"], ledger["balances"]) == (4_000, True)
    stored = {row["table"]: row["rows"] for row in found["tables"] if row["rows"]}
    assert stored == added["rows"]
    assert sum(row["alerts"] for row in found["alerts"]) == added["alerts"]
    assert found["cut"] == [{"feed": "mimic3", "partition": 0, "offset": 3_999}]


def test_there_must_be_a_lake(command, tmp_path):
    done = command("sql", "select 1", "--lake", tmp_path / "none")
    assert (done.code, done.out) == (2, "")
    assert "no lake at" in done.err


def test_rows_go_through_a_pipe_as_csv_and_as_json_with_utc_times(command, filled):
    lake, _ = filled
    query = "select alert_id, raised_at, missing from alerts order by alert_id limit 3"
    done = command("sql", query, "--lake", lake)
    rows = list(csv.DictReader(io.StringIO(done.out)))
    found = _rows(command, lake, query)
    assert [row["alert_id"] for row in rows] == [row["alert_id"] for row in found]
    assert found[0]["raised_at"].endswith("Z")
    assert json.loads(rows[0]["missing"]) == found[0]["missing"]


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/passwd')",
        "copy (select 1) to 'out.csv'",
    ],
)
def test_nothing_but_the_lake_can_be_read_and_nothing_written(command, filled, query):
    done = command("sql", query, "--lake", filled[0])
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert "root:" not in done.err


def test_names_and_raw_messages_are_shown_only_when_asked_for(command, filled):
    lake, _ = filled
    done = command("sql", "select * from patient_demographics", "--lake", lake)
    assert done.code == 1
    assert "--identified" in done.err
    query = "select count(*) as n from raw_messages"
    assert _rows(command, lake, query, "--identified") == [{"n": 4_000}]


def test_a_mistake_in_a_query_is_one_line(command, filled):
    done = command("sql", "select alert_idd from alerts", "--lake", filled[0])
    assert done.code == 1
    assert len(done.err.splitlines()) == 1


def test_an_explanation_leads_from_the_rule_to_every_message(command, filled, alert_id):
    done = command("explain", alert_id, "--lake", filled[0], "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["alert"]["alert_id"] == alert_id
    assert found["alert"]["hours_before_batch"] > 0
    assert "Royal College of Physicians" in found["rule"]["meaning"]
    assert found["rule"]["is_current"]
    assert found["inputs"]
    for item in found["inputs"]:
        assert item["stored"]["code"]
        assert item["message"]["message_control_id"]
        assert item["age_minutes"] >= 0
    total = sum(p["points"] for item in found["inputs"] for p in item["points"])
    assert [total] == [one["value"] for one in found["totals"]]


def test_an_explanation_names_no_patient_unless_asked(command, filled, alert_id):
    lake, _ = filled
    query = f"select patient_id, encounter_id from alerts where alert_id = '{alert_id}'"  # noqa: S608
    who = _rows(command, lake, query)[0]
    plain = command("explain", alert_id, "--lake", lake)
    named = command("explain", alert_id, "--lake", lake, "--identified")
    assert "Missing when it was raised" in plain.out
    assert "PID|" not in plain.out
    assert who["encounter_id"] not in plain.out
    assert who["encounter_id"] in named.out
    assert "PID|" in named.out


def test_an_unknown_alert_is_answered_with_the_nearest(command, filled, alert_id):
    done = command("explain", alert_id[:-1], "--lake", filled[0])
    assert (done.code, done.out) == (2, "")
    assert alert_id in done.err
