"""The bundled sample is what the demo of MIMIC-III says, under the licence's conditions."""

import gzip
from pathlib import Path
from zipfile import ZipFile

from pulsehouse.render import sample

FOLDER = Path(sample.__file__).parents[1] / "sample"
SAMPLE = FOLDER / "mimic3_sample.hl7.gz"
NIGHTS = FOLDER / "mimic3_sample_nights.zip"


def test_the_sample_is_rendered_from_its_patients_byte_for_byte(shared_data, tmp_path):
    again = tmp_path / SAMPLE.name
    counts = sample.render(shared_data / "mimic3_demo", again)
    assert gzip.decompress(again.read_bytes()) == gzip.decompress(SAMPLE.read_bytes())
    assert counts.patients == len(sample.PATIENTS)


def test_the_nights_are_rendered_from_the_same_patients_byte_for_byte(shared_data, tmp_path):
    again = tmp_path / NIGHTS.name
    sample.render_nights(shared_data / "mimic3_demo", again)
    with ZipFile(again) as made, ZipFile(NIGHTS) as bundled:
        assert bundled.testzip() is None
        found = [{one: packed.read(one) for one in packed.namelist()} for packed in (made, bundled)]
    assert found[0] == found[1]
    assert len({name.partition("/")[0] for name in found[0]}) == sample.NIGHTS


def test_the_sample_is_small():
    assert SAMPLE.stat().st_size + NIGHTS.stat().st_size <= 5_000_000


def test_the_sample_shows_corrections_orders_medications_and_cancelled_moves():
    text = gzip.decompress(SAMPLE.read_bytes()).decode()
    for part in ("||||W|||", "ADT^A26", "OML^O21", "RDE^O11", "RAS^O17", "Comfort measures only"):
        assert part in text


def test_the_notice_names_licence_source_and_every_patient_taken():
    notice = (FOLDER / "NOTICE.txt").read_text()
    for part in ("Open Database License", "10.13026/C2HM2Q", *map(str, sample.PATIENTS)):
        assert part in notice
