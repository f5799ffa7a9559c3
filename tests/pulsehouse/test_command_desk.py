"""`pulsehouse desk` as a process: it starts, takes what the lake has, and ends when it is told.

Here: the command itself. Not here: what it does (tests/streaming/desk), or its pages (its e2e).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest

from lakehouse.batch.alerting import ALERT_EVENTS
from lakehouse.batch_reading import read_batch
from lakehouse.lake import Lake
from tests.streaming.desk.desks import alert, write_alerts

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _asked(port, path):
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


@pytest.fixture
def lake(tmp_path):
    made = Lake.open(tmp_path / "lake", create=True)
    write_alerts(made, [alert(1, raised_at=datetime.now(UTC))])
    return made


def test_a_desk_takes_what_the_lake_has_says_that_it_is_ready_and_ends_when_told(lake):
    pages, admin = _free_port(), _free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
    environ |= {"PYTHONPATH": str(ROOT), "PULSEHOUSE_DESK_PORT": str(pages)}
    desk = subprocess.Popen(
        [sys.executable, "-m", "pulsehouse", "desk", f"--lake={lake.root}"],
        env={**environ, "PULSEHOUSE_DESK_ADMIN": str(admin)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + PATIENCE
        while read_batch(lake, ALERT_EVENTS).num_rows == 0 or _asked(admin, "/ready")[0] != 200:
            assert time.monotonic() < end, "it did not become ready"
            time.sleep(0.2)
        assert _asked(pages, "/login")[0] == 200
        assert b"pulsehouse_desk_alerts_taken_total" in _asked(admin, "/metrics")[1]
        desk.send_signal(signal.SIGTERM)
        assert desk.wait(30) == 0
    finally:
        desk.kill()
    lines = [json.loads(line) for line in desk.communicate()[1].splitlines()]
    assert "desk_runs" in [line["event"] for line in lines]
    assert "MRN-1" not in json.dumps(lines)


def test_to_send_is_for_a_rehearsal_alone(command, tmp_path):
    done = command("desk", "--send", "--lake", tmp_path / "lake")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: --send is for a rehearsal")


def test_routes_that_cannot_be_are_said_in_one_line_before_anything_runs(command, tmp_path):
    routes = tmp_path / "routes.yaml"
    routes.write_text("zone: Nowhere/At_All\n")
    done = command("desk", "--lake", tmp_path / "lake", PULSEHOUSE_DESK_ROUTES=str(routes))
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) <= 2
