"""`pulsehouse stream`: what it refuses, in one line, and what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from lakehouse.lake import Lake
from lakehouse.lock import exclusive
from tests.streaming.feeds import sample_messages
from tests.streaming.live.ward import Ward, own_feeds


def stream(root: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    told = {"PULSEHOUSE_STREAM_ADMIN": "0", **environ}
    return subprocess.run(
        [sys.executable, "-m", "pulsehouse", "stream", "--lake", str(root)],
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_second_stream_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    with exclusive(Lake.open(tmp_path / "lake", create=True)):
        refused = stream(tmp_path / "lake")
    assert refused.returncode == 1
    assert f"in use by process {os.getpid()};" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_profile_that_does_not_load_is_a_line_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # As in a process of its own: whatever tests before this one have left of a configured log.
    structlog.reset_defaults()
    feeds = own_feeds(tmp_path / "feeds", good={}, bad={"no_such_key": "1"})
    ward = Ward(tmp_path / "lake", feeds=feeds)
    ward.put(sample_messages(3), "good")
    ward.stream(ward.has(3, "good"))
    assert '"feed": "bad"' in capfd.readouterr().err


def test_a_damaged_lake_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    ward = Ward(tmp_path / "lake")
    ward.put(sample_messages(3))
    ward.stream(ward.has(3))
    newest = max((ward.root / "raw_messages" / "_delta_log").glob("*.json"))
    newest.write_bytes(b"")
    refused = stream(ward.root)
    assert refused.returncode == 4
    assert "pulsehouse doctor --repair" in refused.stderr
