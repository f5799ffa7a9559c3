"""The demo kept live: its feed on this machine's clock, and one signal that ends all of it."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pulsehouse
from lakehouse.errors import LakehouseError
from pulsehouse.demo_feed import STORY, due, messages, squeezed
from pulsehouse.demo_live import DAGSTER, FEEDER
from tests.faults.house import free_port
from tests.pulsehouse.conftest import ROOT, run_command

BEGAN = datetime(2030, 5, 1, 12, tzinfo=UTC)
LONG = 120
PORTS = ("DESK_PORT", "DESK_ADMIN", "GATEWAY_ADMIN", "STREAM_ADMIN")


@pytest.fixture(scope="module")
def sample():
    return list(messages())


def test_every_message_of_the_sample_is_sent_in_the_order_of_its_time(sample):
    assert len(sample) == 12_974
    times = [at for at, _ in sample]
    assert times == sorted(times)
    assert all(message.startswith(b"MSH|") and message.endswith(b"\r") for _, message in sample)
    assert not any(b"\rBTS|" in message for _, message in sample)


def test_a_time_of_day_is_squeezed_and_a_birthday_is_not(sample):
    message = next(one for _, one in sample if b"PID|" in one and b"ORU^R01" in one)
    again = squeezed(message, BEGAN, 60)
    born = re.search(rb"PID\|1\|\|[^|]*\|\|\|\|(\d{8})\|", message)[1]
    assert b"|" + born + b"|" in again
    told = datetime.strptime(again.split(b"|", 7)[6].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    assert timedelta() <= due(next(at for at, one in sample if one == message), BEGAN, 60) - told
    assert re.sub(rb"20\d{10}(\d\d)?", b"", again) == re.sub(rb"20\d{10}(\d\d)?", b"", message)


@given(
    st.timedeltas(timedelta(days=-30), timedelta(days=30)),
    st.timedeltas(timedelta(days=-30), timedelta(days=30)),
    st.floats(1, 1_000),
)
def test_order_is_kept_and_spans_are_divided_by_the_speed(one, other, speed):
    first, second = (due(STORY + span, BEGAN, speed) for span in (one, other))
    assert (first <= second) == (one <= other) or first == second
    assert abs((second - first) - (other - one) / speed) < timedelta(microseconds=3)


def test_a_lake_that_is_there_and_a_feed_that_is_not_are_refused(filled, tmp_path):
    there = run_command("up", "--demo", "--lake", filled[0])
    assert there.code == 2
    assert "holds a lake already" in there.err
    other = run_command("up", "--demo", "--lake", tmp_path / "new", "--mllp", "hl7_v2=2575")
    assert other.code == 2
    assert "the demo sends the feed mimic3" in other.err
    assert not (tmp_path / "new").exists()


def _alerts(lake):
    try:
        with pulsehouse.connect(lake) as house:
            return house.sql("select count(*) from alerts").fetchone()[0]
    except LakehouseError:
        return 0


def _of(lake):
    """Every process that was told of this lake."""
    said = subprocess.run(["/bin/ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in said.stdout.splitlines() if str(lake) in line]


@pytest.mark.timeout(400)
def test_alerts_come_within_a_minute_and_one_signal_ends_everything(tmp_path):
    lake, log = tmp_path / "demo-live", tmp_path / "log"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
    ports = {f"PULSEHOUSE_{name}": str(free_port()) for name in PORTS}
    words = ["up", "--demo", "--speed", "600x", "--lake", lake, "--mllp", f"mimic3={free_port()}"]
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "pulsehouse", *map(str, words)],
            env=kept | ports | {"PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=out,
            cwd=tmp_path,
        )
    try:
        end = time.monotonic() + LONG
        while not _alerts(lake) and time.monotonic() < end:
            time.sleep(1)
        assert _alerts(lake) > 0, log.read_text()[-2_000:]
        started = log.read_text()
        assert all(f'"{name}"' in started for name in (FEEDER, DAGSTER, "gateway", "desk"))
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0, log.read_text()[-2_000:]
    finally:
        running.kill()
        running.wait()
    end = time.monotonic() + LONG
    while _of(lake) and time.monotonic() < end:
        time.sleep(0.5)
    assert _of(lake) == []
