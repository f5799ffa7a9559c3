"""The scan of logs: it finds every planted patient and says where, and never whom."""

import gzip
from dataclasses import asdict

import pytest

from lakehouse.catalogue import connect
from orchestration.quality import log_scan
from orchestration.quality.log_scan import Leak, scan
from tests.orchestration.quality.breaking import change

QUIET = (
    "2026-01-06 02:00:01.104523 +0000 - dagster - INFO - step lake__scores succeeded\n"
    "12 rows looked at, 3 failed; see table patient_demographics at path lake/scores\n"
)


@pytest.fixture(scope="module")
def named(hospital, tmp_path_factory):
    """A hospital with names as people have them: the public data set has none."""
    lake = hospital.copy(tmp_path_factory.mktemp("named")).lake
    change(
        lake,
        log_scan.PATIENT_DEMOGRAPHICS,
        "true",
        family_name="case when \"offset\" % 2 = 0 then 'Quillfeather-Ångström' else 'Field' end",
        given_name="'Li'",
        patient_id="'MRN-0099881'",
        phone="'555-609-4131'",
    )
    change(lake, log_scan.ENCOUNTER_EVENTS, "true", encounter_id="'90' || encounter_id")
    return lake


@pytest.fixture(scope="module")
def encounter(named):
    with connect(named) as connection:
        sql = "select max(encounter_id) from encounter_events where length(encounter_id) >= 8"
        return connection.sql(sql).fetchall()[0][0]


def write(path, *lines):
    path.write_text(QUIET + "".join(f"{line}\n" for line in lines) + QUIET, encoding="utf-8")
    return path


def found(lake, paths):
    return list(scan(lake, paths).leaks)


def test_a_log_without_patients_has_no_leak(named, tmp_path):
    assert found(named, [write(tmp_path / "run.log")]) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("could not score quillfeather-ångström at 02:00", "name"),
        ("could not score Mrs QUILLFEATHER", "name"),
        ('{"patient": "MRN-0099881"}', "patient_id"),
        ("PID|1||MRN-0099881^^^HOSP^MR||X", "patient_id"),
        ("rang 555-609-4131 twice", "phone"),
    ],
)
def test_each_way_of_naming_a_patient_is_found_with_its_line(named, tmp_path, line, kind):
    file = write(tmp_path / "run.log", line)
    assert Leak(file, 3, kind) in found(named, [file])


def test_a_visit_is_found_also_within_a_longer_word(named, encounter, tmp_path):
    file = write(tmp_path / "run.log", f"asset key visit_{encounter} failed")
    assert found(named, [file]) == [Leak(file, 3, "encounter_id")]


def test_the_fraction_of_a_second_is_no_visit(named, encounter, tmp_path):
    assert found(named, [write(tmp_path / "run.log", f"took 3.{encounter} s")]) == []


def test_short_names_and_everyday_words_are_not_looked_for(named, tmp_path):
    assert found(named, [write(tmp_path / "run.log", "Li said that field 7 is missing")]) == []


def test_short_numbers_are_not_looked_for(named, encounter, tmp_path):
    assert found(named, [write(tmp_path / "run.log", f"{encounter[-6:]} rows")]) == []


def test_it_is_told_how_much_was_read_and_looked_for(named, tmp_path):
    file = write(tmp_path / "run.log")
    told = scan(named, [file, tmp_path / "no such file"])
    assert (told.files, told.bytes) == (1, file.stat().st_size)
    assert told.looked_for > 2


def test_logs_are_those_of_the_dagster_home_that_is_set(tmp_path):
    (tmp_path / "storage").mkdir()
    file = write(tmp_path / "storage" / "run.log")
    assert file in log_scan.log_files({"DAGSTER_HOME": str(tmp_path)})
    assert file not in log_scan.log_files({})


def test_folders_gzip_and_lines_without_an_end_are_read(named, tmp_path):
    home = tmp_path / "home" / "storage"
    home.mkdir(parents=True)
    with gzip.open(home / "old.log.gz", "wt", encoding="utf-8") as old:
        old.write(QUIET + "MRN-0099881\n")
    long = "x " * 700_000 + "MRN-0099881" + " x" * 700_000
    (home / "events.db").write_bytes(b"\x00\xff" + long.encode())
    leaks = found(named, [tmp_path / "home"])
    assert {(leak.file.name, leak.line) for leak in leaks} == {("old.log.gz", 3), ("events.db", 1)}


def test_a_name_on_the_border_of_two_pieces_is_found(named, tmp_path):
    border = log_scan.PIECE - 5
    file = tmp_path / "one_line.log"
    file.write_text("x" * (border - 1) + " MRN-0099881 y", encoding="utf-8")
    assert [(leak.line, leak.kind) for leak in found(named, [file])] == [(1, "patient_id")]


def test_a_leak_never_tells_the_value(named, encounter, tmp_path):
    file = write(tmp_path / "run.log", f"MRN-0099881 {encounter} Quillfeather")
    told = str([asdict(leak) for leak in found(named, [file])]).lower()
    assert encounter not in told
    assert "0099881" not in told
    assert "quillfeather" not in told
