"""Power: lost, and what it leaves of a table.

Here: F10, F14. Not here: disks that are full or fail (disks.py).
"""

import random
import shutil
import signal
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.faults.course import Course, wait_for
from tests.faults.house import House
from tests.faults.scenarios.disks import mounted
from tests.faults.scenarios.registry import Scenario, add, scenario
from tests.faults.sending import Sender


def power_loss(after: int, course: Course) -> None:
    """Whatever was not forced onto the disk is gone; every promise is kept, without a hand."""
    old = course.house
    image, copy = old.root / "disk.img", old.root / "crash.img"
    old.root.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(160 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    with mounted(old.root / "disk", "-o", "loop", str(image)) as disk:
        _until_power_is_lost(course, House(disk / "house", port=old.port), image, copy, after)
    with mounted(old.root / "restored", "-o", "loop", str(copy)) as disk:
        _after_power(course, House(disk / "house", port=old.port), old)
    image.unlink()
    copy.unlink()


add(Scenario("power is lost", "F10", partial(power_loss, 400), messages=1_000, needs_root=True))
for _after in random.Random(10).sample(range(1, 950), 19):
    _lost = Scenario(f"power is lost after {_after} messages", "F10", partial(power_loss, _after))
    add(replace(_lost, tier="long", messages=1_000, needs_root=True))


def _until_power_is_lost(course: Course, house: House, image: Path, copy: Path, after: int) -> None:
    course.house = house
    course.rate = 250
    course.begin(read=False)
    wait_for(lambda: house.journaled() > after, "messages come in")
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
    wait_for(lambda: course.house.reached() > 150, "messages are in the tables")
    course.stop_reading()  # it is refused from here on
    course.exits.append(("stream", course.house.kill("stream")))
    commits = sorted((course.house.lake / table / "_delta_log").glob("*.json"))
    _damage(commits[-1], kind)
    course.fault(f"{kind} commit of {table}")
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
