"""Streams, inboxes and lakes for the tests of this room."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.streaming.live.ward import Ward


@dataclass
class Running:
    """Streams started as processes; none outlives its test."""

    logs: Path
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    def __call__(self, ward: Ward, *options: str, **environ: str) -> "subprocess.Popen[str]":
        # A file, not a pipe: nobody reads it while the stream runs.
        with self._log(len(self.started)).open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "pulsehouse", "stream", "--lake", str(ward.root), *options],
                env=os.environ | ward.environ | environ,
                stderr=log,
                text=True,
            )
        self.started.append(process)
        return process

    def _log(self, number: int) -> Path:
        return self.logs / f"stream-{number}.log"

    def told(self) -> str:
        """What the newest one logged."""
        return self._log(len(self.started) - 1).read_text()

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def start_stream(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.end()


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path / "lake")


@pytest.fixture
def wait() -> Callable[..., None]:
    """Wait for a condition, generously: what is slow is not wrong."""

    def until(condition: Callable[[], Any], seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never came"
            time.sleep(0.02)

    return until
