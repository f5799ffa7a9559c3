"""Disks: full, failing, and without power.

Here: F06, F07, F08, F10, F14. Not here: kills (kills.py).
"""

import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.course import Course, wait_for
from tests.faults.house import House
from tests.faults.scenarios.registry import scenario
from tests.faults.sending import Sender

STRACE = shutil.which("strace")


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
        course.rate = 200
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
    with mounted(course.house.lake, "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs"):
        course.house.journal = course.house.root / "journal"
        course.rate = 150
        course.begin()
        wait_for(lambda: course.house.journaled() > 100, "messages come in")
        time.sleep(3)
        ballast = fill(course.house.lake)
        course.fault("lake disk full")
        before = course.house.journaled()
        wait_for(lambda: course.house.journaled() > before + 50, "the gateway goes on taking in")
        time.sleep(3)
        ballast.unlink()
        course.rest()
        # Judged while the disk is still there.
        shutil.copytree(course.house.lake, course.house.root / "kept", copy_function=shutil.copy2)
    shutil.rmtree(course.house.lake)
    shutil.move(course.house.root / "kept", course.house.lake)


@scenario("fsync fails", "F08", messages=300, needs_root=True)
def fsync_fails(course: Course) -> None:
    """A message whose fsync failed is not promised; the gateway ends and starts clean."""
    assert STRACE, "strace is needed: install it"
    course.rate = 200
    inject = "inject=fdatasync,fsync:error=EIO:when=40+"
    course.house.gateway(under=[STRACE, "-f", "-qq", "-e", "trace=fdatasync,fsync", "-e", inject])
    course.house.stream()
    course.watch()
    assert course.house.ended("gateway") != 0
    course.fault("EIO on fsync")
    course.house.gateway()
    course.rest()


@scenario("power is lost", "F10", messages=1_500, needs_root=True)
def power_loss(course: Course) -> None:
    """Whatever was not forced onto the disk is gone; every promise is kept, without a hand."""
    old = course.house
    image, copy = old.root / "disk.img", old.root / "crash.img"
    old.root.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(160 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    with mounted(old.root / "disk", "-o", "loop", str(image)) as disk:
        _until_power_is_lost(course, House(disk / "house", port=old.port), image, copy)
    with mounted(old.root / "restored", "-o", "loop", str(copy)) as disk:
        _after_power(course, House(disk / "house", port=old.port), old)
    image.unlink()
    copy.unlink()


def _until_power_is_lost(course: Course, house: House, image: Path, copy: Path) -> None:
    course.house = house
    course.rate = 250
    course.begin(read=False)
    wait_for(lambda: house.journaled() > 500, "messages come in")
    for part in house.running.values():
        part.send_signal(signal.SIGSTOP)
    course.promised = course.sender.log.safe()
    subprocess.run(["cp", "--sparse=always", str(image), str(copy)], check=True)
    course.fault("power loss")
    course.sender.lose_power()
    house.close()


def _after_power(course: Course, house: House, old: House) -> None:
    """Start under the supervisor, send what was not promised, and come to rest."""
    course.house = house
    house.up()
    course.reader = None
    rest = [one for one in course.messages if one.control_id not in course.promised]
    course.sender = Sender(house.port, rest).start()
    course.rest()
    shutil.copytree(house.lake, old.lake)
    for name in ("gateway", "stream", "up"):
        (old.root / f"{name}.log").write_text(house.said(name), encoding="utf-8")
    course.house = old


def _damage(path: Path, kind: str) -> None:
    content = path.read_bytes()
    path.write_bytes(b"" if kind == "empty" else content[: len(content) // 2])


def damaged_tail(table: str, kind: str, course: Course) -> None:
    """The newest commit of a table is not whole: the start is refused, one command mends it."""
    course.rate = 200
    course.begin()
    wait_for(lambda: course.house.journaled() > 200, "messages come in")
    time.sleep(2)
    course.exits.append(("stream", course.house.kill("stream")))
    commits = sorted((course.house.lake / table / "_delta_log").glob("*.json"))
    _damage(commits[-1], kind)
    course.fault(f"{kind} commit of {table}")
    course.stop_reading()  # it is refused from here on
    refused = course.house.command("stream")
    assert refused.returncode == 4, refused.stderr
    assert "pulsehouse doctor --repair" in refused.stderr
    assert course.house.command("doctor", "--check").returncode == 3
    plan = course.house.command("doctor", "--repair", "--dry-run")
    assert table in plan.stdout + plan.stderr
    mended = course.house.command("doctor", "--repair")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    course.house.stream()
    course.rest()


@scenario("an empty commit of observations", "F14")
def empty_observations(course: Course) -> None:
    """The dangerous one: the table opens, and reports too few rows."""
    damaged_tail("observations", "empty", course)


@scenario("a torn commit of raw_messages", "F14")
def torn_raw_messages(course: Course) -> None:
    """The table that says how far all have come."""
    damaged_tail("raw_messages", "torn", course)


@scenario("a torn commit of scores", "F14")
def torn_scores(course: Course) -> None:
    """A table that the stream derives."""
    damaged_tail("scores", "torn", course)
