"""`pulsehouse migrate`, typed: help, tables, refusals, exit codes, and names typed wrong."""

import json

import pytest
from typer.testing import CliRunner

from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES
from orchestration.migration.ledger import job_entries
from pulsehouse.migrate_commands import migrate
from tests.orchestration.migration import evidence

COMMANDS = (
    *("status", "evidence", "promote", "rollback", "attest", "rehearse", "hold", "resume"),
    "reconcile",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A small lake with three matching nights of the census."""
    found = evidence.small_lake(tmp_path_factory.mktemp("migrate") / "lake")
    evidence.land_census(found)
    for place in range(1, 4):
        evidence.compared(found, place, late=place)
    return found


def test_help_of_the_group_and_of_each_command_has_an_example(command):
    done = command("migrate", "--help")
    assert done.code == 0
    assert [name for name in COMMANDS if name not in done.out] == []
    for name in COMMANDS:
        shown = CliRunner().invoke(migrate, [name, "--help"])
        assert f"Example: pulsehouse migrate {name} census" in shown.output or name == "status"


def test_status_is_a_table_with_a_next_step_per_job(command, lake):
    done = command("migrate", "status", "--lake", lake.root)
    assert (done.code, done.err) == (0, "")
    line = next(line for line in done.out.splitlines() if line.startswith("census"))
    assert "LEGACY" in line
    assert "3 of 14" in line
    assert "stays in batch by decision" in done.out


def test_evidence_as_json_has_every_gate_and_night(command, lake):
    found = json.loads(command("migrate", "evidence", "census", "--json", "--lake", lake.root).out)
    assert {gate["id"]: gate["state"] for gate in found["gates"]}["G2"] == "open"
    assert found["per_night"][0]["night"] == "2026-01-06"


def test_evidence_shows_gates_in_words_and_classes_per_night(command, lake):
    done = command("migrate", "evidence", "census", "--lake", lake.root)
    assert done.code == 0
    for told in ("GREEN  G1", "OPEN   G2", "to mend:", "2026-01-08", "late", "Next: G2"):
        assert told in done.out
    assert "\x1b" not in done.out


def test_a_refused_promotion_leaves_with_3_and_writes_no_promotion(command, lake):
    done = command("migrate", "promote", "census", "--reason", "now", "--lake", lake.root)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: census cannot be promoted to SHADOW: G2 is open")
    assert len(done.err.splitlines()) == 1
    assert {e.to_state for e in job_entries(lake).get("census", [])} <= {"LEGACY"}


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (("evidence", "censuss"), "nearest: census", 2),
        (("attest", "census", "G144", "--reason", "x"), "nearest: G14", 2),
        (("rollback", "census", "--reason", "x"), "cannot be rolled back", 1),
        (("rollback", "census"), "--reason", 2),
        (("reconcile", "census", "--from", "soon", "--to", "2026-01-08"), "not a date", 2),
        (("alerts", "promote", "sepsis", "--reason", "x"), "unknown rule family", 2),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_why(command, lake, words, told, code):
    done = command("migrate", *words, "--lake", lake.root)
    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_a_lake_that_is_not_there_is_not_made(command, tmp_path):
    done = command("migrate", "hold", "census", "--reason", "x", "--lake", tmp_path / "none")
    assert done.code == 2
    assert not (tmp_path / "none").exists()


def test_an_attestation_is_told_in_a_sentence_and_a_dry_run_writes_none(command, lake):
    words = ("migrate", "attest", "census", "g14", "--by", "Dr Example", "--reason", "signed")
    done = command(*words, "--lake", lake.root, "--dry-run")
    assert (done.code, "dry run" in done.err) == (0, True)
    assert [e for e in job_entries(lake).get("census", []) if e.event == "attested"] == []
    done = command(*words, "--lake", lake.root)
    assert done.out.startswith("census: attested G14, stays in LEGACY")
    assert job_entries(lake)["census"][-1].by == "Dr Example"


def test_an_extract_that_is_missing_is_told_of_and_leaves_with_3(command, lake):
    nights = ("--from", "2026-01-06", "--to", "2026-01-06")
    done = command("migrate", "reconcile", "census", *nights, "--lake", lake.root, "--json")
    assert done.code == 3
    assert "warning: census 2026-01-06" in done.err
    assert json.loads(done.out)["nights"][0]["error"]


def test_a_rollback_takes_a_lake_whose_stream_is_damaged(command, tmp_path):
    lake = evidence.small_lake(tmp_path / "lake", days=2)
    newest = sorted((lake.path(RAW_MESSAGES) / "_delta_log").glob("*.json"))[-1]
    newest.write_bytes(b"")
    done = command("migrate", "status", "--lake", lake.root)
    assert done.code == 4
    done = command("migrate", "rollback", "census", "--reason", "x", "--lake", lake.root)
    assert done.code == 1
    assert "census is in LEGACY and cannot be rolled back" in done.err
    assert job_entries(Lake(lake.root)) == {}
