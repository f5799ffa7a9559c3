"""A Bulk Data export: which files, in which order, each once."""

import gzip
import json

import pytest

from streaming.files import SourceError
from streaming.gateway.bulk import NoExportError, export_files, import_files
from streaming.gateway.drop_taking import Taking
from tests.streaming.gateway.dropping import FHIR, dropping

NAMES = [
    "Observation.000.ndjson",
    "Encounter.ndjson",
    "AllergyIntolerance.ndjson.gz",
    "Patient.001.ndjson",
    "Patient.000.ndjson.gz",
    "patients-of-mine.ndjson",
]


def _line(number):
    return json.dumps({"resourceType": "Patient", "id": str(number)}).encode() + b"\n"


def _write(path, content):
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)


def _never(error):
    raise error


def _imported(drop, folder):
    taking = Taking(FHIR, drop.journal, "bulk", _never)
    return import_files(export_files(folder), taking, lambda *_: None)


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        _write(folder / name, _line(number))
    return folder


def test_patients_come_first_then_encounters_then_the_rest_by_name(export):
    assert [path.name for path in export_files(export)] == [
        "Patient.000.ndjson.gz",
        "Patient.001.ndjson",
        "Encounter.ndjson",
        "AllergyIntolerance.ndjson.gz",
        "Observation.000.ndjson",
        "patients-of-mine.ndjson",
    ]


def test_what_is_no_file_of_the_export_is_left_out(export):
    for name in ("log.ndjson", "log.ndjson.gz", ".Patient.ndjson", "manifest.json", "README.txt"):
        _write(export / name, b"{}\n")
    (export / "folder.ndjson").mkdir()
    assert sorted(path.name for path in export_files(export)) == sorted(NAMES)


def test_every_line_is_one_message_and_a_second_import_adds_nothing(tmp_path, export):
    with dropping(tmp_path, FHIR) as drop:
        first, second = _imported(drop, export), _imported(drop, export)
        assert (first.files, first.files_again, first.added) == (len(NAMES), 0, len(NAMES))
        assert (second.files_again, second.added, second.messages) == (len(NAMES), 0, len(NAMES))
        assert len(drop.stored()) == len(set(drop.stored())) == len(NAMES)


def test_empty_file_of_a_type_without_resources_is_counted_and_no_error(tmp_path, export):
    (export / "Empty.ndjson").write_bytes(b"")
    with dropping(tmp_path, FHIR) as drop:
        imported = _imported(drop, export)
        assert (imported.files_empty, imported.files) == (1, len(NAMES))


def test_line_that_is_not_understood_is_stored_and_counted(tmp_path, export):
    (export / "Bad.ndjson").write_bytes(_line(77) + b"{\n" + _line(78))
    with dropping(tmp_path, FHIR) as drop:
        imported = _imported(drop, export)
        assert (imported.added, imported.quarantined) == (len(NAMES) + 3, 1)


def test_file_that_breaks_off_is_taken_as_far_as_it_goes_and_named(tmp_path, export):
    packed = gzip.compress(b"".join(map(_line, range(1_000, 4_000))))
    (export / "Torn.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    with dropping(tmp_path, FHIR) as drop:
        assert list(_imported(drop, export).broken) == ["Torn.ndjson.gz"]
        assert set(drop.rejects()) == {None, "truncated"}


def test_gzip_bomb_ends_the_import_with_its_reason(tmp_path, export):
    (export / "Bomb.ndjson.gz").write_bytes(gzip.compress(bytes(1 << 24)) * 16)
    with dropping(tmp_path, FHIR) as drop, pytest.raises(SourceError, match="unpacks to more"):
        _imported(drop, export)


def test_folder_without_an_export_is_refused_with_a_reason(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NoExportError, match="folder"):
            export_files(folder)
