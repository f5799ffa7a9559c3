"""Kills: at every named step, at random moments, in bursts; and the polite end.

Here: F01, F03, F04. Not here: disks and power (disks.py), or two at once (rivals.py).
"""

import random
import signal
import time
from functools import partial

from lakehouse.failpoints import FAILPOINTS
from tests.faults.course import Course, wait_for
from tests.faults.scenarios.registry import Scenario, add, scenario

BY_GATEWAY = ("gateway.", "journal.")
# Trimming waits for its hour, and a replay out of quarantine for its command: they have tests of
# their own beside what they do.
ELSEWHERE = {"journal.before_trim", "journal.trimmed", "quarantine.before_put"}


@scenario("none", "control")
def nothing(course: Course) -> None:
    """No fault: what all others are held against."""
    course.begin()
    course.rest()


def die_at(failpoint: str, course: Course) -> None:
    """One part dies at a named step and is started again."""
    part = "gateway" if failpoint.startswith(BY_GATEWAY) else "stream"
    # A little slower than it could be, so that the step comes between many messages.
    course.rate = 400
    course.begin(**{part: failpoint})
    wait_for(lambda: not course.house.is_alive(part), f"the {part} dies at {failpoint}")
    assert failpoint in course.house.said("failpoints")
    course.fault(failpoint)
    course.rest()


for _name in FAILPOINTS:
    if _name not in ELSEWHERE:
        add(Scenario(f"dies at {_name}", "F01", partial(die_at, f"{_name}:1")))
        add(Scenario(f"dies later at {_name}", "F01", partial(die_at, f"{_name}:7"), tier="long"))


def _kill_at_random(course: Course, kills: int, chance: random.Random, pause: float) -> None:
    course.begin()
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, pause))
        for part in chance.choice((["gateway"], ["stream"], ["gateway", "stream"])):
            if course.house.is_alive(part):
                course.exits.append((part, course.house.kill(part)))
                course.fault(f"kill -9 {part}")
        for part, start in (("gateway", course.house.gateway), ("stream", course.house.stream)):
            if not course.house.is_alive(part):
                start()
    course.rest()


@scenario("random kills", "F03", messages=2_000)
def random_kills(course: Course) -> None:
    """Gateway and stream are killed at random moments while a reader looks."""
    course.rate = 300
    _kill_at_random(course, 5, random.Random(7), 3.0)


@scenario("random kills of a long feed", "F03", tier="long", messages=12_500, copies=8)
def many_random_kills(course: Course) -> None:
    """The headline: 100,000 messages, 50 kills, then bursts of 20, and a reader all the while."""
    course.connections = 8
    _kill_at_random(course, 50, random.Random(11), 3.0)


@scenario("a burst of kills", "F03", messages=800)
def burst(course: Course) -> None:
    """The stream is killed again and again before it has caught up."""
    course.begin()
    for _ in range(4):
        time.sleep(0.4)
        course.house.kill("stream")
        course.fault("kill -9 stream")
        course.house.stream()
    course.rest()


@scenario("asked to end", "F04", messages=1_200)
def terms(course: Course) -> None:
    """SIGTERM at random moments: each part drains and leaves with 0, nothing is repeated."""
    course.rate = 300
    course.begin()
    chance = random.Random(3)
    for part in ("stream", "gateway", "stream"):
        time.sleep(chance.uniform(0.5, 2.5))
        code = course.house.kill(part, signal.SIGTERM)
        assert code == 0, f"the {part} left with {code}"
        course.fault(f"SIGTERM {part}")
        getattr(course.house, part)()
    course.rest()
