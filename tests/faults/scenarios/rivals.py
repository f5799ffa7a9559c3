"""Two at once: dataflows, a zombie, compaction, and more than one process.

Here: F05, F13, F17, F21, and the supervisor. Not here: kills of one part (kills.py).
"""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.faults.course import Course, wait_for
from tests.faults.house import House, free_port
from tests.faults.scenarios.registry import scenario

COMPACT = """
import sys, time
from pathlib import Path
from lakehouse.compaction import compact
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.tables import TABLES
while True:
    try:
        lake = Lake.open(Path(sys.argv[1]), create=True)
        for table in TABLES.values():
            compact(lake, table)
    except LakehouseError:
        pass
    time.sleep(0.05)
"""


@scenario("two dataflows", "F13")
def two_dataflows(course: Course) -> None:
    """A second stream on the same lake is refused, names the first, and changes nothing."""
    course.rate = 300
    course.begin()
    wait_for(lambda: course.house.journaled() > 50, "messages come in")
    second = course.house.command("stream")
    assert second.returncode == 1, second.stderr
    assert str(course.house.running["stream"].pid) in second.stderr
    course.fault("second dataflow")
    course.rest()


@scenario("a zombie writer", "F21", messages=1_000)
def zombie(course: Course) -> None:
    """A stream that slept while another took over commits nothing when it wakes."""
    course.rate = 100
    course.begin()
    wait_for(lambda: course.house.reached() > 100, "messages are in the tables")
    sleeper = course.house.running.pop("stream")
    sleeper.send_signal(signal.SIGSTOP)
    before = course.house.reached()
    # Only somebody who removes the lock file can get past a holder that is alive.
    (course.house.lake / "dataflow.lock").unlink()
    course.house.stream_admin = free_port()
    course.house.stream()
    wait_for(lambda: course.house.reached() > before, "the other one has taken over")
    sleeper.send_signal(signal.SIGCONT)
    course.fault("zombie woke")
    code = sleeper.wait(60)
    assert code != 0, "the zombie must say that it was fenced off"
    course.rest()


@scenario("compaction beside the stream", "F17", messages=1_000)
def compaction(course: Course) -> None:
    """Another process joins small files all the while."""
    course.rate = 300
    rival = subprocess.Popen(
        [sys.executable, "-c", COMPACT, str(course.house.lake)], cwd=Path(__file__).parents[3]
    )
    try:
        course.begin()
        course.fault("compaction loop")
        course.rest()
    finally:
        rival.kill()
        rival.wait(30)


@scenario("a cluster loses a process", "F03", messages=1_000)
def cluster(course: Course) -> None:
    """One process of a cluster is killed: all end, and all start again from the cut."""
    course.rate = 300
    course.house.gateway(wait=False)
    course.house.stream(processes=2)
    course.watch()
    wait_for(lambda: course.house.journaled() > 100, "messages come in")
    parent = course.house.running["stream"].pid
    os.kill(_child(parent, "streaming.live.child"), signal.SIGKILL)
    course.fault("kill -9 of one process")
    assert course.house.ended("stream") != 0
    course.house.stream(processes=2)
    course.rest()


@scenario("the supervisor", "F05", messages=1_000)
def supervised(course: Course) -> None:
    """Parts that are killed under `pulsehouse up` come back by themselves."""
    course.rate = 120
    house = course.house
    house.up()
    course.watch()
    wait_for(lambda: house.reached() > 100, "messages are in the tables")
    for number, part in enumerate(("stream", "gateway"), start=1):
        os.kill(_child(house.running["up"].pid, f"pulsehouse {part}"), signal.SIGKILL)
        course.fault(f"kill -9 {part}")
        restarted = partial(_restarts, house, number)
        wait_for(restarted, f"the {part} is started again")
    course.rest()


def _restarts(house: House, wanted: int) -> bool:
    return house.said("up").count("component_restarted") >= wanted


def _child(parent: int, words: str) -> int:
    told = subprocess.run(
        ["pgrep", "-P", str(parent), "-f", words],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(told.stdout.split()[0])
