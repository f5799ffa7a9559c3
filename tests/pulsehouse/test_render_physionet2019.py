"""PhysioNet/CinC 2019 files as messages."""

import csv
import io
import shutil
import tarfile
from datetime import date, datetime, timedelta

import pytest

from pulsehouse.render import physionet2019
from pulsehouse.render.outcome import RenderError
from tests.pulsehouse.render_sources import field, messages

STAYS = ("p100001", "p100003")


@pytest.fixture
def stays(shared_data, tmp_path):
    folder = tmp_path / "stays"
    folder.mkdir()
    for name in STAYS:
        shutil.copy(shared_data / "icu_physionet2019" / "loose" / f"{name}.psv", folder)
    return folder


def rendered(source, **options):
    out = io.BytesIO()
    counts = physionet2019.render(source, out, **options)
    return counts, out.getvalue()


def source_values(folder):
    for name in STAYS:
        with (folder / f"{name}.psv").open() as stream:
            for row in csv.DictReader(stream, delimiter="|"):
                for column in physionet2019.VALUES:
                    if row[column] != "NaN":
                        yield name[1:], int(row["ICULOS"]), column, row[column]


def test_every_measured_value_is_sent_once_at_its_hour(stays):
    counts, batch = rendered(stays, align=date(2020, 2, 1), days=2)
    sent = []
    for message in messages(batch):
        if str(message["MSH.F9.R1.C1"]) == "ORU":
            patient = field(message["PID"][0], 3).split("^")[0]
            begins = datetime(2020, 2, 1) + timedelta(hours=int(patient) % 48)  # noqa: DTZ001
            at = datetime.strptime(str(message["MSH.F7"]), "%Y%m%d%H%M%S")  # noqa: DTZ007
            hour = (at - begins) // timedelta(hours=1)
            for obx in message["OBX"]:
                code, value = field(obx, 3).split("^")[0], field(obx, 5)
                sent.append((patient, hour, code, value))
                assert field(obx, 6) == ""
                assert field(obx, 14) == str(message["MSH.F7"])
    assert sorted(sent) == sorted(source_values(stays))
    assert counts.observations == len(sent)
    assert counts.patients == len(STAYS)


def test_a_stay_is_admitted_to_its_unit_and_discharged_after_its_last_hour(stays):
    _, batch = rendered(stays)
    events = [message for message in messages(batch) if str(message["MSH.F9.R1.C1"]) == "ADT"]
    of_one = [event for event in events if "100001" in field(event["PID"][0], 3)]
    assert [str(event["MSH.F9.R1.C2"]) for event in of_one] == ["A01", "A03"]
    assert field(of_one[0]["PV1"][0], 3) == "MICU"
    # 73 years old in 2019, to the year.
    assert field(of_one[0]["PID"][0], 7) == "1946"


def test_the_sepsis_label_is_not_sent(stays):
    assert b"Sepsis" not in rendered(stays)[1]


def test_an_archive_of_stays_gives_the_same_bytes_as_the_loose_files(stays, tmp_path):
    archive = tmp_path / "stays.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(stays, arcname="setB")
    assert rendered(archive) == rendered(stays)


def test_a_stay_found_loose_and_packed_is_sent_once(stays, tmp_path):
    alone = rendered(stays)
    with tarfile.open(tmp_path / "stays.tar.gz", "w:gz") as packed:
        packed.add(stays, arcname="setB")
    assert rendered(tmp_path) == alone


def test_a_folder_without_stays_is_an_error(tmp_path):
    with pytest.raises(RenderError, match="no stays"):
        rendered(tmp_path)


def test_a_file_with_other_columns_is_an_error_that_names_it(tmp_path):
    (tmp_path / "p000001.psv").write_text("HR|Other\n80|1\n")
    with pytest.raises(RenderError, match=r"p000001\.psv"):
        rendered(tmp_path)


def test_a_broken_archive_is_an_error_that_names_it(tmp_path):
    (tmp_path / "stays.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(RenderError, match=r"stays\.tar\.gz"):
        rendered(tmp_path)
