"""The doctor: what it says of a lake, and that its repair loses and doubles nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse import delta_log
from lakehouse.lake import MARKER
from lakehouse.tables import TABLES
from tests.pulsehouse.conftest import ROOT

MOUNTED_READ_ONLY = """
import subprocess, sys
lake = sys.argv[1]
for options in (["--bind", lake, lake], ["-o", "remount,ro,bind", lake]):
    if subprocess.run(["mount", *options], capture_output=True).returncode:
        sys.exit(77)
command = [sys.executable, "-m", "pulsehouse", "doctor", "--lake", lake, "--json"]
sys.exit(subprocess.run(command, timeout=100).returncode)
"""
EVERYTHING = " union all ".join(
    f"select '{name}' as name, count(*) as rows, bit_xor(hash(t)) as digest from {name} t"  # noqa: S608
    for name in TABLES
)


@pytest.fixture
def lake(filled, tmp_path):
    """A lake of its own for each test."""
    root = tmp_path / "lake"
    shutil.copytree(filled[0], root)
    return root


@pytest.fixture
def undamaged(filled, tmp_path):
    """The same, to compare with."""
    return Path(shutil.copytree(filled[0], tmp_path / "undamaged"))


def tear(lake: Path, table: str) -> int:
    version = delta_log.versions(lake / table)[-1]
    delta_log.commit_path(lake / table, version).write_bytes(b"")
    return version


def contents(command, lake):
    done = command("sql", EVERYTHING, "--lake", lake, "--json", "--identified")
    assert done.code == 0, done.err
    return json.loads(done.out)


def findings(done):
    return [(one["code"], one["place"], one["version"]) for one in json.loads(done.out)["findings"]]


def test_sound_lake_has_no_findings(command, lake):
    done = command("doctor", "--lake", lake, "--check")
    assert done.code == 0, done.out
    assert "0 findings" in done.out
    told = json.loads(command("doctor", "--lake", lake, "--json").out)
    assert set(told) == {"ok", "findings", "tables", "surroundings"}
    assert told["ok"] is True


def test_every_finding_names_table_version_cause_and_remedy(command, lake):
    version = tear(lake, "scores")
    done = command("doctor", "--lake", lake, "--json")
    assert done.code == 3
    assert findings(done) == [("commit_torn", "scores", version)]
    (one,) = json.loads(done.out)["findings"]
    assert set(one) == {"code", "place", "version", "cause", "remedy"}
    assert "doctor --repair" in one["remedy"]


def test_damaged_lake_is_refused_with_the_command_that_mends_it(command, lake):
    tear(lake, "observations")
    done = command("status", "--lake", lake)
    assert done.code == 4
    assert "`pulsehouse doctor --repair`" in done.err


def test_dry_run_prints_numbered_steps_and_changes_nothing(command, lake):
    tear(lake, "observations")
    before = {path: path.stat().st_mtime_ns for path in lake.rglob("*")}
    done = command("doctor", "--lake", lake, "--repair", "--dry-run")
    assert done.code == 3
    assert [line.split()[0] for line in done.out.splitlines()] == ["1.", "2.", "3."]
    assert "`pulsehouse replay FILE --feed mimic3`" in done.out
    assert {path: path.stat().st_mtime_ns for path in lake.rglob("*")} == before


@pytest.mark.parametrize("table", ["observations", "raw_messages"])
def test_repaired_lake_that_is_fed_again_holds_what_it_held(
    command, lake, undamaged, messages_file, table
):
    tear(lake, table)
    done = command("doctor", "--lake", lake, "--repair")
    assert done.code == 0, done.err
    assert "nothing was deleted" in done.out
    assert list((lake / "_quarantine").rglob("*.json"))
    assert command("doctor", "--lake", lake).code == 0
    replayed = command("replay", messages_file, "--feed", "mimic3", "--lake", lake)
    assert replayed.code == 0, replayed.err
    assert command("doctor", "--lake", lake, "--repair").out == "nothing to mend\n"
    assert contents(command, lake) == contents(command, undamaged)


def test_torn_marker_is_written_anew(command, lake):
    (lake / MARKER).write_bytes(b"")
    assert findings(command("doctor", "--lake", lake, "--json")) == [("marker_torn", MARKER, None)]
    assert command("doctor", "--lake", lake, "--repair").code == 0
    assert command("status", "--lake", lake).code == 0


def test_file_that_others_may_read_is_found(command, lake):
    (lake / MARKER).chmod(0o644)
    done = command("doctor", "--lake", lake, "--json")
    assert (done.code, findings(done)) == (3, [("permissions", MARKER, None)])


def test_there_must_be_a_lake(command, tmp_path):
    for options in ((), ("--repair",), ("--repair", "--dry-run")):
        done = command("doctor", "--lake", tmp_path / "none", *options)
        assert (done.code, done.out) == (2, "")
        assert not (tmp_path / "none").exists()


def test_looking_and_mending_are_not_one(command, lake):
    assert command("doctor", "--lake", lake, "--check", "--repair").code == 2


@pytest.mark.skipif(shutil.which("unshare") is None, reason="a mount of its own needs unshare")
def test_lake_on_a_disk_that_is_only_read_is_looked_at(lake):
    command = ["unshare", "-rm", sys.executable, "-c", MOUNTED_READ_ONLY, str(lake)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if ran.returncode == 77 or "unshare failed" in ran.stderr:
        pytest.skip("this machine lets no user mount a disk")
    assert ran.returncode == 0, ran.stdout + ran.stderr
