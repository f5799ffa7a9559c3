"""Kills at system calls, and system calls whose answer is lost.

Here: F02, F20. Not here: kills at named steps, or at random moments (kills.py).
"""

import shutil
import time
from functools import partial

from tests.faults.course import Course, wait_for
from tests.faults.scenarios.registry import Scenario, add, scenario

TRACED = (shutil.which("strace") or "strace", "-f", "-qq")
SAMPLED = (1, 4, 15, 60)
CALLS = {
    "gateway": ("write", "pwrite64", "fdatasync", "unlink"),
    "stream": ("write", "fsync", "linkat", "unlink"),
}


def die_at_call(part: str, call: str, course: Course) -> None:
    """The kernel kills a part as it makes a call for the nth time; each time it starts again."""
    course.rate = 50
    course.begin()
    start = getattr(course.house, part)
    for number in SAMPLED:
        course.exits.append((part, course.house.kill(part)))
        inject = f"inject={call}:signal=KILL:when={number}"
        start(under=[*TRACED, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject])
        limit = time.monotonic() + 6
        while course.house.is_alive(part) and time.monotonic() < limit:
            time.sleep(0.05)
        # Where it does not come that far, it dies all the same.
        died = not course.house.is_alive(part)
        course.fault(f"{call} {number}" if died else "none")
        course.exits.append((part, course.house.kill(part)))
        start()
        if not died:
            break
    course.rest()


for _part, _calls in CALLS.items():
    for _call in _calls:
        _name = f"the {_part} dies at a {_call}"
        _trouble = partial(die_at_call, _part, _call)
        add(Scenario(_name, "F02", _trouble, tier="long", messages=2_500, needs_root=True))


@scenario("a commit without an answer", "F20", messages=1_000, needs_root=True)
def lost_answer(course: Course) -> None:
    """A commit is made, and the engine fails as it reads what it made: it reports a failure."""
    course.rate = 200
    told = course.house.root / "injected.txt"
    under = [*TRACED, "-o", str(told), "-e", "trace=openat"]
    for version in (2, 4):
        for table in ("observations", "raw_messages"):
            log = course.house.lake / table / "_delta_log"
            under += ["-P", str(log / f"{version:020}.json")]
    course.house.gateway(wait=False)
    course.house.stream(under=[*under, "-e", "inject=openat:error=EIO:when=1"])
    course.watch()
    wait_for(lambda: told.exists() and "INJECTED" in told.read_text(), "an answer is lost")
    course.fault("EIO after a commit")
    course.rest()
    course.notes.append(f"{told.read_text().count('INJECTED')} calls failed")
