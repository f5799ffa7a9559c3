"""Disks: full, without inodes, and failing.

Here: F06, F07, F08, F09. Not here: what a power loss leaves (power.py), or kills (kills.py).
"""

import itertools
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.course import Course, wait_for
from tests.faults.scenarios.registry import scenario
from tests.faults.scenarios.syscalls import TRACED


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """Something mounted at a place, until the end."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *options, str(place)], check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def ready(port: int) -> bool:
    """Whether a part says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def fill(place: Path) -> Path:
    """Take all the room of a disk."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            pass
    return ballast


@scenario("the journal's disk is full", "F06", messages=1_000, needs_root=True)
def journal_full(course: Course) -> None:
    """No promise while there is no room; it goes on by itself when there is room again."""
    disk = course.house.root / "disk"
    with mounted(disk, "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"):
        course.house.journal = disk / "journal"
        course.rate = 250
        course.begin()
        wait_for(lambda: course.house.journaled() > 100, "messages come in")
        ballast = fill(disk)
        course.fault("journal disk full")
        wait_for(lambda: course.sender.log.refused > 3, "messages are refused")
        wait_for(lambda: not ready(course.house.gateway_admin), "health is failing")
        assert course.house.is_alive("gateway")
        ballast.unlink()
        wait_for(lambda: ready(course.house.gateway_admin), "health is good again")
        course.rest()
        # Judged without the disk.
        kept = course.house.root / "kept-journal"
        shutil.copytree(disk / "journal", kept)
    course.house.journal = kept


@scenario("the lake's disk is full", "F07", messages=1_000, needs_root=True)
def lake_full(course: Course) -> None:
    """The gateway takes in all the while; the tables hold what was committed, and go on alone."""
    _without_room(course, "size=64m", fill)


@scenario("the lake's disk has no inodes", "F09", tier="long", messages=1_000, needs_root=True)
def lake_without_inodes(course: Course) -> None:
    """As a full disk: no file can be made."""
    _without_room(course, "nr_inodes=2500", use_up_inodes)


def _without_room(course: Course, limit: str, use_up: Callable[[Path], Path]) -> None:
    house = course.house
    with mounted(house.lake, "-t", "tmpfs", "-o", f"{limit},mode=700", "tmpfs"):
        house.journal = house.root / "journal"
        course.rate = 120
        course.begin()
        wait_for(lambda: house.reached() > 100, "messages are in the tables")
        ballast = use_up(house.lake)
        course.fault("lake takes no rows")
        wait_for(lambda: not ready(house.stream_admin), "health is failing")
        before = house.journaled()
        wait_for(lambda: house.journaled() > before + 50, "the gateway goes on taking in")
        assert house.is_alive("stream")
        give_back(ballast)
        course.rest()
        # Judged without the disk.
        shutil.copytree(house.lake, house.root / "kept", copy_function=shutil.copy2)
    shutil.rmtree(house.lake)
    shutil.move(house.root / "kept", house.lake)


def use_up_inodes(place: Path) -> Path:
    """Make files until no more can be made."""
    ballast = place / "ballast"
    ballast.mkdir()
    try:
        for number in itertools.count():
            (ballast / str(number)).touch()
    except OSError:
        pass
    return ballast


def give_back(ballast: Path) -> None:
    """Take away what used up the room."""
    if ballast.is_dir():
        shutil.rmtree(ballast)
    else:
        ballast.unlink()


@scenario("the journal's disk has no inodes", "F09", tier="long", messages=600, needs_root=True)
def journal_without_inodes(course: Course) -> None:
    """The journal has its files already: the gateway takes in all the while, also newly started."""
    house = course.house
    disk = house.root / "disk"
    with mounted(disk, "-t", "tmpfs", "-o", "nr_inodes=64,mode=700", "tmpfs"):
        house.journal = disk / "journal"
        course.rate = 100
        course.begin()
        wait_for(lambda: house.journaled() > 100, "messages come in")
        ballast = use_up_inodes(disk)
        course.fault("no inodes")
        before = house.journaled()
        wait_for(lambda: house.journaled() > before + 50, "it goes on in the files that it has")
        course.exits.append(("gateway", house.kill("gateway", signal.SIGTERM)))
        house.gateway()
        assert ready(house.gateway_admin), "its files are kept from start to start"
        give_back(ballast)
        course.rest()
        kept = house.root / "kept-journal"
        shutil.copytree(disk / "journal", kept)
    house.journal = kept


@scenario("fsync fails", "F08", messages=300, needs_root=True)
def fsync_fails(course: Course) -> None:
    """A message whose fsync failed is not promised; the gateway ends and starts clean."""
    course.rate = 200
    inject = "inject=fdatasync,fsync:error=EIO:when=40+"
    under = [*TRACED, "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", inject]
    course.house.gateway(under=under, wait=False)
    course.house.stream()
    course.watch()
    assert course.house.ended("gateway") != 0
    course.fault("EIO on fsync")
    course.house.gateway()
    course.rest()
