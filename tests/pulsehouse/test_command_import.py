"""`pulsehouse import bulk`: a real export into the inbox, once, whatever interrupts it."""

import json
import signal

import pytest

from streaming.inbox.journal_reading import JournalReader


def _stored(lake):
    reader = JournalReader(lake / "journal")
    try:
        return reader.read("fhir_r4", 0, 10**6, 1 << 40).raw.to_pylist()
    finally:
        reader.close()


def _lines(count):
    return [json.dumps({"resourceType": "Patient", "id": str(n)}).encode() for n in range(count)]


def _import(command, folder, lake, *words, **settings):
    return command(
        "import", "bulk", folder, "--feed", "fhir_r4", "--lake", lake, *words, **settings
    )


def test_real_export_is_imported_and_again_adds_nothing(command, shared_data, tmp_path):
    folder = shared_data / "fhir_bulk_ndjson_10"
    first = _import(command, folder, tmp_path / "lake", "--json")
    again = _import(command, folder, tmp_path / "lake", "--json")
    assert (first.code, again.code) == (0, 0)
    told, told_again = json.loads(first.out), json.loads(again.out)
    assert (told["files"], told["added"], told["quarantined"]) == (13, 7_160, 0)
    assert (told_again["files_again"], told_again["added"]) == (13, 0)
    stored = _stored(tmp_path / "lake")
    assert len(stored) == 7_160
    assert b'"resourceType":"Patient"' in stored[0].replace(b" ", b"")


@pytest.mark.parametrize("failpoint", ["journal.written:3", "journal.synced:2"])
def test_import_that_is_killed_goes_on_where_it_stopped(command, tmp_path, failpoint):
    lines = _lines(2_500)
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "Patient.ndjson").write_bytes(b"\n".join(lines))
    killed = _import(command, folder, tmp_path / "lake", PULSEHOUSE_FAILPOINT=failpoint)
    assert killed.code == -signal.SIGKILL
    done = _import(command, folder, tmp_path / "lake")
    assert (done.code, "messages added" in done.out) == (0, True)
    assert _stored(tmp_path / "lake") == lines


def test_import_into_a_feed_that_is_not_fhir_or_of_no_folder_is_a_usage_error(command, tmp_path):
    for words, why in ((("mimic3", tmp_path), "not FHIR"), (("fhir_r4", tmp_path), "no NDJSON")):
        feed, folder = words
        done = command("import", "bulk", folder, "--feed", feed, "--lake", tmp_path / "lake")
        assert (done.code, done.out) == (2, "")
        assert why in done.err
        assert not (tmp_path / "lake").exists()
