"""Opening a lake: what is there, whose it is, and whether it takes files."""

import json
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.alarms import open_alarms, raise_alarm
from lakehouse.appends import append
from lakehouse.errors import (
    LakeDamagedError,
    LakeNotFoundError,
    LakeNotWritableError,
    LakeVersionError,
)
from lakehouse.lake import MARKER, Lake
from lakehouse.tables import LAKE_VERSION, RAW_MESSAGES

FILL_A_TINY_DISK = """
import subprocess, sys
from pathlib import Path
disk = Path(sys.argv[1])
mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
if subprocess.run(mount, capture_output=True).returncode:
    sys.exit(77)
(disk / "full").write_bytes(bytes(16 * 1024))
from lakehouse.errors import LakeNotWritableError
from lakehouse.lake import Lake
try:
    Lake.open(disk / "lake", create=True)
except LakeNotWritableError as error:
    print(error)
"""


def test_new_lake_is_for_its_user_alone_and_opens_again(tmp_path):
    root = tmp_path / "new" / "lake"
    Lake.open(root, create=True)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert json.loads((root / MARKER).read_text())["lake_version"] == LAKE_VERSION
    assert Lake.open(root, create=False) == Lake.open(root, create=True)
    assert [path.name for path in root.iterdir()] == [MARKER]


def test_files_of_tables_are_for_their_user_alone(lake, rows):
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, [0]), 0)
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in lake.root.rglob("*")}
    assert modes == {0}


def test_directory_without_a_lake_is_not_found(tmp_path):
    for root in (tmp_path, tmp_path / "missing"):
        with pytest.raises(LakeNotFoundError, match="no lake at") as caught:
            Lake.open(root, create=False)
        assert caught.value.exit_code == 2


def test_lake_in_a_directory_with_other_files_leaves_them(tmp_path):
    (tmp_path / "feed.hl7").write_text("MSH|")
    Lake.open(tmp_path, create=True)
    assert (tmp_path / "feed.hl7").read_text() == "MSH|"


@pytest.mark.parametrize("create", [True, False])
def test_lake_of_another_version_is_refused(lake, create):
    content = {"lake_version": LAKE_VERSION + 1, "created_by": "pulsehouse 9.0"}
    (lake.root / MARKER).write_text(json.dumps(content))
    with pytest.raises(LakeVersionError, match=r"pulsehouse 9\.0") as caught:
        Lake.open(lake.root, create=create)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("content", [b"", b'{"lake_ver', b"[]", b"\0" * 60])
def test_torn_marker_is_damage(lake, content):
    (lake.root / MARKER).write_bytes(content)
    with pytest.raises(LakeDamagedError, match="empty or torn"):
        Lake.open(lake.root, create=True)


def test_tables_without_a_marker_are_damage(lake, rows):
    append(lake, RAW_MESSAGES, "icu", 0, rows(RAW_MESSAGES, [0]), 0)
    (lake.root / MARKER).unlink()
    with pytest.raises(LakeDamagedError, match="version is unknown"):
        Lake.open(lake.root, create=True)


def test_file_in_the_lake_s_place_is_not_writable(tmp_path):
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "lake"):
        with pytest.raises(LakeNotWritableError, match="name another directory"):
            Lake.open(root, create=True)


def test_directory_that_takes_no_files_is_not_writable():
    with pytest.raises(LakeNotWritableError, match="cannot write to the lake directory /proc/"):
        Lake.open(Path("/proc/self/lake"), create=True)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="a tiny disk needs unshare")
def test_full_disk_is_not_writable(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["unshare", "-rm", sys.executable, "-c", FILL_A_TINY_DISK, str(disk)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode == 77 or "unshare failed" in ran.stderr:
        pytest.skip("this machine lets no user mount a disk")
    assert "No space left on device; free space on that disk" in ran.stdout, ran.stderr


@pytest.mark.parametrize("name", ["a[1]", "100%", "a%20b", "a\\b", "a\nb"])
def test_a_path_that_the_table_engines_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakeNotWritableError, match="name another directory"):
        Lake.open(tmp_path / name, create=True)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["a b", "ü é", "a#b", "a?b*", "{a,b}", "it's"])
def test_a_path_of_other_letters_takes_rows(tmp_path: Path, name: str) -> None:
    lake = Lake.open(tmp_path / name, create=True)
    assert raise_alarm(lake, "feed_silent", "ward", "silent", datetime(2026, 1, 5, tzinfo=UTC))
    assert [alarm.subject for alarm in open_alarms(lake)] == ["ward"]
