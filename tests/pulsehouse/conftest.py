"""The real command as a process, and one lake that its tests share.

Here: fixtures. Not here: what the command must do (test_command_*.py).
"""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "pulsehouse" / "sample" / "mimic3_sample.hl7.gz"
# Enough of the sample for every kind of message and some alerts, few enough to replay in seconds.
FIRST, MESSAGES = 400, 4_000


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str


def run_command(*arguments: object, **settings: str) -> Done:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
    environ |= {"PYTHONPATH": str(ROOT), "COLUMNS": "140", **settings}
    done = subprocess.run(
        [sys.executable, "-m", "pulsehouse", *map(str, arguments)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def command() -> Callable[..., Done]:
    return run_command


@pytest.fixture(scope="session")
def messages_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Messages of a few days of the bundled sample."""
    with gzip.open(SAMPLE) as stream:
        whole = stream.read()
    parts = whole.split(b"\rMSH|")[FIRST : FIRST + MESSAGES]
    file = tmp_path_factory.mktemp("messages") / "some.hl7"
    file.write_bytes(b"MSH|" + b"\rMSH|".join(parts) + b"\r")
    return file


@pytest.fixture(scope="session")
def filled(messages_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A lake with those messages, and what the command said of the replay."""
    lake = tmp_path_factory.mktemp("filled") / "lake"
    return lake, run_command("replay", messages_file, "--feed", "mimic3", "--lake", lake, "--json")
