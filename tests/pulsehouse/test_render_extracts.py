"""The nightly extracts of made-up tables: cut-offs, quirks, and folders whole or absent."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from pulsehouse.render import mimic3_extracts, nightly
from pulsehouse.render.outcome import RenderError
from tests.pulsehouse.render_sources import (
    STAY,
    TRANSFERS,
    charge,
    chart_row,
    of_kind,
    prescription,
    rendered,
    write_tables,
)

ROOT = Path(__file__).parents[2]


def complete(drop):
    """The nights a reader takes, from the rule alone: a manifest whose hashes match."""
    nights = []
    for manifest in sorted(drop.glob("[0-9]*/manifest.json")):
        files = json.loads(manifest.read_text())["files"]
        hashes = {
            name: hashlib.sha256((manifest.parent / name).read_bytes()).hexdigest()
            for name in files
        }
        if hashes == {name: file["sha256"] for name, file in files.items()}:
            nights.append(manifest.parent.name)
    return nights


def sheet(drop, night, name):
    with (drop / night / f"{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def extracts(tmp_path, *, align=None, days=None, **tables):
    drop = tmp_path / "drop"
    source = write_tables(tmp_path / "in", **tables)
    mimic3_extracts.render(source, drop, align=align, days=days)
    return drop


def contents(drop):
    return {
        str(path.relative_to(drop)): path.read_bytes()
        for path in sorted(drop.rglob("*"))
        if path.is_file()
    }


def lab_row(row_id, value, *, charttime="2150-03-01 09:00:00"):
    row = {**STAY, "row_id": str(row_id), "itemid": "50813", "charttime": charttime}
    return {**row, "value": value, "valueuom": "mmol/L", "flag": "abnormal"}


@pytest.mark.parametrize(
    ("stored", "night"),
    [
        ("01:59:59", "2150-03-02"),
        ("02:00:00", "2150-03-02"),
        ("02:00:01", "2150-03-03"),
        ("23:59:59", "2150-03-03"),
    ],
)
def test_a_value_is_in_the_first_night_by_which_it_was_stored(tmp_path, stored, night):
    row = {**chart_row(1, 211, "80"), "storetime": f"2150-03-02 {stored}"}
    drop = extracts(tmp_path, chartevents=[row])
    assert [name for name in complete(drop) if sheet(drop, name, "vitals")] == [night]


@pytest.mark.parametrize(("charted", "night"), [("02:00", "2150-03-02"), ("02:01", "2150-03-03")])
def test_a_laboratory_result_counts_by_its_charttime(tmp_path, charted, night):
    drop = extracts(tmp_path, labevents=[lab_row(1, "2.1", charttime=f"2150-03-02 {charted}:00")])
    assert [name for name in complete(drop) if sheet(drop, name, "labs")] == [night]
    [result] = sheet(drop, night, "labs")
    assert (result["value"], result["unit"], result["flag"]) == ("2.1", "mmol/L", "abnormal")


def test_a_value_without_a_storetime_counts_by_its_charttime(tmp_path):
    row = {**chart_row(1, 211, "80"), "storetime": ""}
    [value] = sheet(extracts(tmp_path, chartevents=[row]), "2150-03-02", "vitals")
    assert value["stored_at"] == value["charted_at"] == "2150-03-01 08:00:00"


def test_the_last_write_wins_within_a_night_and_comes_again_on_the_next(tmp_path):
    rows = [
        chart_row(3, 211, "80", stored="08:05"),
        chart_row(1, 211, "90", stored="09:00"),
        chart_row(2, 211, "91", stored="09:00"),
        {**chart_row(4, 211, "95"), "storetime": "2150-03-02 08:00:00"},
    ]
    drop = extracts(tmp_path, chartevents=rows)
    assert [
        [value["value"] for value in sheet(drop, night, "vitals")]
        for night in ("2150-03-02", "2150-03-03")
    ] == [["91.00"], ["95.00"]]


def test_the_last_laboratory_row_wins(tmp_path):
    drop = extracts(tmp_path, labevents=[lab_row(10, "4.0"), lab_row(9, "2.1")])
    assert [row["value"] for row in sheet(drop, "2150-03-02", "labs")] == ["4.0"]


def test_errors_and_rows_without_a_value_leave_no_trace(tmp_path):
    rows = [
        chart_row(1, 211, "80"),
        chart_row(2, 211, "800", stored="09:00", error="1"),
        chart_row(3, 211, "", stored="10:00"),
        chart_row(4, 5, "7", error="1"),
    ]
    drop = extracts(tmp_path, chartevents=rows, labevents=[lab_row(1, "")])
    assert [row["value"] for row in sheet(drop, "2150-03-02", "vitals")] == ["80.00"]
    assert sheet(drop, "2150-03-02", "labs") == []


@pytest.mark.parametrize(
    ("charted", "written"),
    [
        ("80", "80.00"),
        ("36.388900756835938", "36.39"),
        ("1.005", "1.01"),
        ("-.004", "0.00"),
        ("Alert", "Alert"),
        ("4 Spontaneously", "4 Spontaneously"),
        ("9" * 50, "9" * 50),
    ],
)
def test_a_vital_sign_is_text_with_two_decimals_and_has_no_unit(tmp_path, charted, written):
    drop = extracts(tmp_path, chartevents=[chart_row(1, 5, charted, unit="bpm")])
    [value] = sheet(drop, "2150-03-02", "vitals")
    assert (value["item_id"], value["item"], value["value"]) == ("5", "A|B^C", written)
    assert "unit" not in value


def test_the_census_is_as_of_midnight(tmp_path):
    drop = extracts(tmp_path, transfers=TRANSFERS)
    census = {
        night: [(row["census_at"], row["unit"]) for row in sheet(drop, night, "census")]
        for night in complete(drop)
    }
    assert census == {
        "2150-03-02": [("2150-03-02 00:00:00", "MICU")],
        "2150-03-03": [("2150-03-03 00:00:00", "WARD45")],
        "2150-03-04": [("2150-03-04 00:00:00", "WARD45")],
        "2150-03-05": [],
    }


@pytest.mark.parametrize(
    ("admitted", "discharged", "present"),
    [
        ("2150-03-02 00:00:00", "2150-03-02 00:00:01", True),
        ("2150-03-02 00:00:01", "2150-03-02 23:00:00", False),
        ("2150-03-01 23:59:59", "2150-03-02 00:00:00", False),
        ("2150-03-01 23:59:59", "2150-03-02 01:00:00", True),
    ],
)
def test_who_comes_after_midnight_is_not_in_the_census_who_leaves_after_it_is(
    tmp_path, admitted, discharged, present
):
    stay = {**STAY, "row_id": "1", "admittime": admitted, "dischtime": discharged}
    drop = extracts(tmp_path, admissions=[stay])
    assert bool(sheet(drop, "2150-03-02", "census")) is present


def test_a_bed_is_held_until_it_is_given_up_whatever_the_stay_says(tmp_path):
    gone = {**STAY, "row_id": "3", "eventtype": "discharge", "intime": "2150-03-06 01:00:00"}
    stay = {"admittime": "2150-02-27 08:00:00", "dischtime": "2150-03-02 12:00:00"}
    tables = {"transfers": [*TRANSFERS, gone], "admissions": [{**STAY, "row_id": "1", **stay}]}
    drop = extracts(tmp_path, **tables)
    counted = [night for night in complete(drop) if sheet(drop, night, "census")]
    assert counted == [f"2150-03-0{day}" for day in (2, 3, 4, 5, 6)]


def test_a_prescription_is_active_from_its_start_date_to_its_end_date(tmp_path):
    rows = [
        prescription(enddate="2150-03-02 00:00:00"),
        prescription(row_id="8", drug="Open", enddate=""),
        prescription(row_id="9", drug="Backwards", enddate="2150-02-27 00:00:00"),
    ]
    drop = extracts(tmp_path, prescriptions=rows)
    active = {
        night: [row["drug"] for row in sheet(drop, night, "active_medications")]
        for night in complete(drop)
    }
    both, one = ["Heparin", "Open"], ["Open"]
    assert list(active.values()) == [both, both, one, one, []]
    first, _ = sheet(drop, "2150-03-01", "active_medications")
    assert (first["start_date"], first["end_date"]) == ("2150-03-01", "2150-03-02")


def test_charges_are_billed_by_code_after_their_day_or_else_after_the_discharge(tmp_path):
    dated = {"chartdate": "2150-03-02 00:00:00", "cpt_cd": "94003"}
    rows = [charge(1, **dated), charge(2, **dated), charge(3), charge(4, hadm_id="")]
    drop = extracts(tmp_path, cptevents=rows)
    billed = {
        night: [(row["cpt_code"], row["charges"]) for row in sheet(drop, night, "billing")]
        for night in complete(drop)
    }
    assert billed["2150-03-03"] == [("94003", "2")]
    assert billed["2150-03-05"] == [("99291", "1")]
    assert sum(map(len, billed.values())) == 2


def test_the_optional_tables_may_be_absent_and_only_billing_is_then_no_file(tmp_path):
    drop = extracts(tmp_path, chartevents=[chart_row(1, 211, "80")])
    assert sorted(entry.name for entry in (drop / "2150-03-02").iterdir()) == [
        "active_medications.csv",
        "census.csv",
        "labs.csv",
        "manifest.json",
        "vitals.csv",
    ]
    assert [row["unit"] for row in sheet(drop, "2150-03-02", "census")] == [""]
    assert sheet(drop, "2150-03-02", "active_medications") == []


def test_a_manifest_tells_rows_columns_and_cutoffs_and_its_hashes_match(tmp_path):
    drop = extracts(tmp_path, chartevents=[chart_row(1, 211, "80")])
    assert complete(drop) == ["2150-03-02", "2150-03-03", "2150-03-04", "2150-03-05"]
    files = json.loads((drop / "2150-03-02" / "manifest.json").read_text())["files"]
    assert {name: file["rows"] for name, file in files.items()} == {
        "active_medications.csv": 0,
        "census.csv": 1,
        "labs.csv": 0,
        "vitals.csv": 1,
    }
    assert files["census.csv"]["cutoff"] == "2150-03-02T00:00:00Z"
    assert files["vitals.csv"]["cutoff"] == "2150-03-02T02:00:00Z"
    header = (drop / "2150-03-02" / "vitals.csv").read_text().splitlines()[0]
    assert files["vitals.csv"]["columns"] == header.split(",")


def test_the_job_runs_in_the_zone_of_the_feed():
    profile = tomllib.loads((ROOT / "feeds" / "mimic3.toml").read_text())
    assert profile["zone"] == nightly.ZONE


def two_years(tmp_path, **options):
    rows = [
        chart_row(1, 211, "80"),
        {**chart_row(2, 211, "80"), "storetime": "2150-04-01 08:00:00"},
    ]
    return complete(extracts(tmp_path, chartevents=rows, **options))


def test_without_an_alignment_nights_without_a_row_or_a_stay_are_not_written(tmp_path):
    assert two_years(tmp_path) == [*(f"2150-03-0{day}" for day in (2, 3, 4, 5)), "2150-04-02"]


def test_with_an_alignment_the_nights_are_one_run(tmp_path):
    nights = [date.fromisoformat(night) for night in two_years(tmp_path, align=FIRST, days=4)]
    assert nights[0] == date(2026, 1, 9)
    assert {(after - night).days for night, after in pairwise(nights)} == {1}
    assert len(nights) == 32


FIRST = date(2026, 1, 5)


def test_an_alignment_moves_the_extracts_as_it_moves_the_messages(tmp_path):
    folder = write_tables(tmp_path / "in", chartevents=[chart_row(1, 211, "80")])
    [value] = of_kind(rendered(folder, align=FIRST, days=4), "ORU")
    mimic3_extracts.render(folder, tmp_path / "drop", align=FIRST, days=4)
    [row] = sheet(tmp_path / "drop", "2026-01-09", "vitals")
    assert row["stored_at"].translate({ord(mark): None for mark in "-: "}) == str(value["MSH.F7"])


def test_equal_tables_give_equal_bytes_and_a_night_that_is_there_stays(tmp_path):
    folder = write_tables(tmp_path / "in", chartevents=[chart_row(1, 211, "80")])
    first, second = tmp_path / "first", tmp_path / "second"
    told = [mimic3_extracts.render(folder, drop) for drop in (first, second, first)]
    assert contents(first) == contents(second)
    assert told[0] == told[1] == told[2]


def test_a_night_of_another_rendering_is_an_error_and_is_not_written_over(tmp_path):
    drop = extracts(tmp_path, chartevents=[chart_row(1, 211, "80")])
    before = contents(drop)
    with pytest.raises(RenderError, match="2150-03-02"):
        extracts(tmp_path, chartevents=[chart_row(1, 211, "81")])
    with pytest.raises(RenderError, match="another rendering"):
        extracts(tmp_path, align=FIRST, days=4)
    assert contents(drop) == before


KILLED_AT_THE_SECOND_ROW = """
import os, signal, sys
from datetime import date, time
from pathlib import Path
from pulsehouse.render.nightly import Extract, publish

def rows():
    yield 0, ("1",)
    os.kill(os.getpid(), signal.SIGKILL)

publish(Path(sys.argv[1]), date(2150, 3, 2), [Extract("labs", ("value",), time(2))], rows())
"""


def test_a_killed_writer_leaves_no_manifest_and_the_next_run_is_whole(tmp_path):
    command = [sys.executable, "-c", KILLED_AT_THE_SECOND_ROW, str(tmp_path)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(tmp_path.rglob("manifest.json")) == []
    assert [entry.name for entry in tmp_path.iterdir()] == [".2150-03-02.partial"]
    labs = nightly.Extract("labs", ("value",), mimic3_extracts.EXTRACTS[0][0].cutoff)
    nightly.publish(tmp_path, date(2150, 3, 2), [labs], [(0, ("1",))])
    assert [entry.name for entry in tmp_path.iterdir()] == complete(tmp_path) == ["2150-03-02"]


def test_a_writer_that_fails_leaves_nothing(tmp_path):
    drop = tmp_path / "drop"
    folder = write_tables(tmp_path / "in", labevents=[lab_row("no number", "1")])
    with pytest.raises(RenderError, match="cannot be read"):
        mimic3_extracts.render(folder, drop)
    assert [entry for entry in drop.rglob("*") if entry.is_file()] == []


def test_progress_ends_at_the_number_of_source_rows(tmp_path):
    seen = []
    folder = write_tables(tmp_path / "in", chartevents=[chart_row(n, 211, "8") for n in range(3)])
    mimic3_extracts.render(
        folder, tmp_path / "drop", progress=lambda done, total: seen.append((done, total))
    )
    assert seen == sorted(seen)
    assert seen[-1] == (3, 3)
