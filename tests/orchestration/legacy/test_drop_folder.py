"""The drop folder: what is complete, what is not there yet, and what is refused."""

import os

import pytest

from orchestration.legacy import errors
from orchestration.legacy.landing import land
from tests.orchestration.legacy.dropping import NIGHT, ROW, Drop, announce, as_csv


def test_a_night_with_a_manifest_is_landed(drop):
    drop.put(as_csv([ROW]))
    assert drop.land().rows == 1
    assert drop.land().zone == "Europe/London"
    assert drop.land().source == "2026-01-06/census.csv"


def test_a_marker_beside_the_file_says_that_it_is_complete(drop):
    (drop.folder() / "census.csv").write_bytes(as_csv([ROW, ROW]))
    drop.refused(errors.NoManifestError, "nothing says that it is complete")
    (drop.folder() / "census.csv.done").touch()
    assert (drop.land().rows, drop.land().zone) == (2, "UTC")


def test_a_drop_folder_may_have_no_folders_of_nights(drop):
    (drop.root / "census_2026-01-06.csv").write_bytes(as_csv([ROW]))
    drop.refused(errors.NoManifestError, "nothing says that it is complete")
    (drop.root / "census_2026-01-06.csv.done").touch()
    assert drop.land().source == "census_2026-01-06.csv"


def test_without_a_manifest_clocks_are_read_in_the_hospitals_zone(tmp_path):
    drop = Drop(tmp_path, hospital_zone="America/New_York")
    (drop.root / "census_2026-01-06.csv").write_bytes(as_csv([ROW]))
    (drop.root / "census_2026-01-06.csv.done").touch()
    assert drop.land().zone == "America/New_York"


def test_a_missing_night_says_that_waiting_may_help(drop):
    error = drop.refused(errors.NightMissingError, "has not arrived; see whether the job ran")
    assert error.waits
    assert error.exit_code == 2


def test_a_missing_drop_folder_names_the_setting(drop):
    drop.root.rmdir()
    with pytest.raises(errors.NightMissingError, match="there is no drop folder; name it in"):
        drop.land()


def test_a_hidden_folder_is_still_being_written(drop):
    partial = drop.root / ".2026-01-06.partial"
    partial.mkdir()
    (partial / "census.csv").write_bytes(as_csv([ROW]))
    announce(partial)
    assert drop.refused(errors.NightIncompleteError, "the night is being written").waits


def test_a_folder_without_the_file_is_still_being_written(drop):
    drop.folder()
    assert drop.refused(errors.NightIncompleteError, "the night is being written").waits


def test_a_file_that_is_announced_and_not_there_is_waited_for(drop):
    drop.put(as_csv([ROW])).unlink()
    assert drop.refused(errors.NightIncompleteError, "announces it and it is not there").waits


def test_a_complete_night_without_the_extract_is_told(drop):
    drop.put(as_csv([ROW], ["x"]), extract="labs")
    error = drop.refused(errors.NotDeliveredError, "complete without census")
    assert not error.waits


def test_billing_may_be_absent(drop):
    drop.put(as_csv([ROW]))
    drop.refused(errors.OptionalNotDeliveredError, "the night has no billing", "billing")


def test_two_files_of_one_night_are_refused(drop):
    drop.put(as_csv([ROW]))
    (drop.root / "census_2026-01-06.csv").write_bytes(as_csv([ROW, ROW]))
    (drop.root / "census_2026-01-06.csv.done").touch()
    drop.refused(errors.SeveralFilesError, "both 2026-01-06/census.csv and census_2026-01-06.csv")


def test_a_file_listed_twice_is_refused(drop):
    drop.put(as_csv([ROW]))
    manifest = drop.folder() / "manifest.json"
    twice = manifest.read_text().replace('"files": {', '"files": {"census.csv": {"rows": 9},')
    manifest.write_text(twice)
    drop.refused(errors.SeveralFilesError, "names one thing twice")


def test_two_spellings_of_one_file_are_refused(drop):
    drop.put(as_csv([ROW]), said={"Census.csv": {"rows": 1, "sha256": "0" * 64}})
    drop.refused(errors.SeveralFilesError, "names 2 files of census")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"night": "2026-01-07"}, "it is the manifest of 2026-01-07, not of 2026-01-06"),
        ({"night": "yesterday"}, "night"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"zone": "../etc/passwd"}, "no time zone"),
        ({"zone": None}, "zone"),
        ({"files": []}, "files"),
    ],
)
def test_a_manifest_that_cannot_be_believed_is_refused(drop, changed, words):
    drop.put(as_csv([ROW]), changed=changed)
    drop.refused(errors.ManifestError, words)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b" " * 2**21])
def test_a_torn_manifest_is_refused(drop, content):
    drop.put(as_csv([ROW]))
    (drop.folder() / "manifest.json").write_bytes(content)
    drop.refused(errors.ManifestError, "have the job write the night again")


@pytest.mark.parametrize("name", ["../census.csv", "/etc/passwd", "..", "a\\b.csv", "x\n.csv", ""])
def test_a_path_for_a_name_is_refused(drop, name):
    drop.put(as_csv([ROW]), said={name: {"rows": 1, "sha256": "0" * 64}})
    drop.refused(errors.ManifestError, "a file name in it is a path")


@pytest.mark.parametrize("facts", [{"rows": -1}, {"sha256": "abc"}])
def test_counts_and_hashes_that_cannot_be_are_refused(drop, facts):
    drop.put(as_csv([ROW]), said={"census.csv": facts})
    drop.refused(errors.ManifestError, "rows or sha256 of `census.csv` cannot be")


def test_a_link_out_of_the_drop_folder_is_refused(drop, tmp_path):
    outside = tmp_path / "outside.csv"
    file = drop.put(as_csv([ROW]))
    file.rename(outside)
    file.symlink_to(outside)
    drop.refused(errors.OutsideDropFolderError, "a link out of the drop folder")


def test_a_manifest_that_is_a_link_out_of_the_drop_folder_is_refused(drop, tmp_path):
    drop.put(as_csv([ROW]))
    manifest = drop.folder() / "manifest.json"
    manifest.rename(tmp_path / "outside.json")
    manifest.symlink_to(tmp_path / "outside.json")
    drop.refused(errors.OutsideDropFolderError, "a link out of the drop folder")


def test_a_night_that_is_a_link_within_the_drop_folder_is_landed(drop):
    drop.put(as_csv([ROW]))
    drop.folder().rename(drop.root / ".delivered")
    (drop.root / NIGHT.isoformat()).symlink_to(drop.root / ".delivered")
    assert drop.land().rows == 1


def test_a_pipe_is_no_file(drop):
    file = drop.put(as_csv([ROW]))
    file.unlink()
    os.mkfifo(file)
    drop.refused(errors.OutsideDropFolderError, "or no file")


def test_an_unknown_extract_names_the_nearest(drop):
    with pytest.raises(errors.UnknownExtractError, match="the nearest is `vitals`") as caught:
        drop.land(extract="vital'; drop table x; --")
    assert caught.value.exit_code == 2


def test_odd_characters_in_the_drop_folders_path_are_no_pattern(drop):
    drop.put(as_csv([ROW]))
    odd = drop.root.rename(drop.root.parent / "odd [a]*?'\" place")
    settings = drop.settings.model_copy(update={"extracts": odd})
    assert land(drop.lake, settings, "census", NIGHT).rows == 1
