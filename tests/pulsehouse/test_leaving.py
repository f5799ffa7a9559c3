"""A service that is told to stop while it loads leaves as one that has done its work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SERVICES = {
    "stream": (),
    "gateway": ("--mllp", "mimic3=0"),
    "up": ("--mllp", "mimic3=0"),
}
PATIENCE = 60


def hears(pid: int, number: int) -> bool:
    """Whether a process has taken a signal into its own hands."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc to look into")
@pytest.mark.parametrize("service", SERVICES)
def test_a_stop_while_it_loads_is_no_failure(service: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pulsehouse", service, *SERVICES[service]],
        env=os.environ
        | {
            "PULSEHOUSE_LAKE": str(tmp_path / "lake"),
            "PULSEHOUSE_GATEWAY_ADMIN": "0",
            "PULSEHOUSE_STREAM_ADMIN": "0",
            "PULSEHOUSE_DESK_PORT": "0",
            "PULSEHOUSE_DESK_ADMIN": "0",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        limit = time.monotonic() + PATIENCE
        while not hears(process.pid, signal.SIGTERM) and time.monotonic() < limit:
            time.sleep(0.01)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
