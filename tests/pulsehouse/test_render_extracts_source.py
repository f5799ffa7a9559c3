"""The nightly extracts of real stays, against the source counted by other means, and the command.

Here: few patients of the MIMIC-III demo, read with csv alone. Not here: quirks one by one
(test_render_extracts.py).
"""

import csv
import json
from datetime import date, datetime, timedelta

import pytest

from pulsehouse.render import mimic3_extracts
from tests.pulsehouse.render_sources import messages, rendered, subset, table_rows, write_tables

# In different centuries, from both charting systems; corrections and an error among them.
PATIENTS = ("10036", "43927")
CHARTED = ("chartevents", "labevents", "transfers", "prescriptions", "admissions")


@pytest.fixture(scope="module")
def source(shared_data, tmp_path_factory):
    demo = shared_data / "mimic3_demo"
    return subset(demo, tmp_path_factory.mktemp("extracts") / "in", PATIENTS)


@pytest.fixture(scope="module")
def drop(source):
    folder = source.parent / "drop"
    mimic3_extracts.render(source, folder)
    return folder


@pytest.fixture(scope="module")
def tables(source):
    return {name: table_rows(source, name) for name in (*CHARTED, "cptevents")}


def instant(text):
    return datetime.fromisoformat(text)


def sheet(drop, night, name):
    with (drop / night.isoformat() / f"{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module", params=PATIENTS)
def night(request, tables):
    """The second night of a patient's first stay."""
    stays = [row for row in tables["admissions"] if row["subject_id"] == request.param]
    return min(instant(row["admittime"]) for row in stays).date() + timedelta(days=2)


def stored_before(rows, night, column):
    end = datetime.combine(night, datetime.min.time()) + timedelta(hours=2)
    return [row for row in rows if end - timedelta(days=1) < instant(row[column]) <= end]


def test_the_vitals_of_a_night_are_those_of_the_source(drop, tables, night):
    rows = stored_before(tables["chartevents"], night, "storetime")
    last = {}
    for row in sorted(rows, key=lambda row: (row["storetime"], int(row["row_id"]))):
        if row["value"] and row["error"] != "1":
            last[row["subject_id"], row["itemid"], row["charttime"]] = row["storetime"]
    found = sheet(drop, night, "vitals")
    assert len(found) > 50
    assert {
        (row["patient_id"], row["item_id"], row["charted_at"]): row["stored_at"] for row in found
    } == last
    assert len(found) == len(last)


def test_the_results_of_a_night_are_those_of_the_source(drop, tables, night):
    rows = stored_before(tables["labevents"], night, "charttime")
    expected = {(row["itemid"], row["charttime"]) for row in rows if row["value"]}
    found = [(row["item_id"], row["charted_at"]) for row in sheet(drop, night, "labs")]
    assert len(found) == len(expected) > 10
    assert set(found) == expected


def test_the_census_of_a_night_is_that_of_the_source(drop, tables, night):
    midnight = datetime.combine(night, datetime.min.time())
    places = [
        (row["hadm_id"], row["curr_careunit"] or f"WARD{row['curr_wardid']}")
        for row in tables["transfers"]
        if row["outtime"] and instant(row["intime"]) <= midnight < instant(row["outtime"])
    ]
    found = [(row["encounter_id"], row["unit"]) for row in sheet(drop, night, "census")]
    assert found == places
    assert len(found) == 1


def test_the_active_medications_of_a_night_are_those_of_the_source(drop, tables, night):
    expected = {
        row["row_id"]
        for row in tables["prescriptions"]
        if instant(row["startdate"]).date() <= night <= instant(row["enddate"]).date()
    }
    found = [row["prescription_id"] for row in sheet(drop, night, "active_medications")]
    assert len(found) == len(expected) > 1
    assert set(found) == expected


def test_every_charge_is_billed_once(drop, tables):
    billed = sum(
        int(row["charges"])
        for folder in drop.iterdir()
        for row in sheet(drop, date.fromisoformat(folder.name), "billing")
    )
    assert billed == len(tables["cptevents"]) > 0


def test_no_night_lies_between_stays_of_different_centuries(drop, tables):
    nights = sorted(date.fromisoformat(folder.name) for folder in drop.iterdir())
    assert len(nights) < 200 < (nights[-1] - nights[0]).days


def test_aligned_extracts_hold_the_times_of_the_aligned_messages(source, tmp_path):
    options = {"align": date(2026, 1, 5), "days": 3}
    told = mimic3_extracts.render(source, tmp_path, **options)
    assert (
        told.nights
        == (told.last_night - told.first_night).days + 1
        == len(list(tmp_path.glob("2*")))
    )
    sent = {str(message["MSH.F7"]) for message in messages(rendered(source, **options))}
    stored = {
        instant(row["stored_at"]).strftime("%Y%m%d%H%M%S")
        for folder in tmp_path.iterdir()
        for row in sheet(tmp_path, date.fromisoformat(folder.name), "vitals")
    }
    assert stored
    assert stored <= sent


def test_the_command_writes_the_messages_and_the_extracts(command, source, drop, tmp_path):
    done = command(
        *("render", "mimic3", source, tmp_path / "out.hl7", "--extracts", tmp_path / "drop"),
        "--json",
    )
    assert done.code == 0, done.err
    told = json.loads(done.out)["extracts"]
    assert told["nights"] == len(list(drop.iterdir()))
    assert (tmp_path / "out.hl7").read_bytes().startswith(b"FHS|")
    files = sorted(path.relative_to(drop) for path in drop.rglob("*.*"))
    assert files == sorted(
        path.relative_to(tmp_path / "drop") for path in (tmp_path / "drop").rglob("*.*")
    )
    assert all(
        (drop / file).read_bytes() == (tmp_path / "drop" / file).read_bytes() for file in files
    )


def test_the_command_tells_a_person_of_nights_and_rows(command, tmp_path):
    folder = write_tables(tmp_path / "in")
    done = command("render", "mimic3", folder, tmp_path / "out.hl7", "--extracts", tmp_path / "d")
    assert done.code == 0, done.err
    assert "4 nights; rows: census 3, vitals 0" in done.out
    assert "from 2150-03-02 to 2150-03-05" in done.out


def test_a_source_without_stored_times_has_no_extracts(command, tmp_path):
    done = command("render", "physionet2019", tmp_path, tmp_path / "o", "--extracts", tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "no nightly extracts" in done.err
