"""Kills: at every named step, at random moments, in bursts; and the polite end.

Here: F01, F03, F04. Not here: disks and power (disks.py), or two at once (rivals.py).
"""

import random
import signal
import time
from collections.abc import Sequence
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
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, pause))
        for part in chance.choice((["gateway"], ["stream"], ["gateway", "stream"])):
            if course.house.is_alive(part):
                course.exits.append((part, course.house.kill(part)))
                course.fault(f"kill -9 {part}")
        for part, start in (("gateway", course.house.gateway), ("stream", course.house.stream)):
            if not course.house.is_alive(part):
                start()


def _burst(course: Course, kills: int, chance: random.Random) -> None:
    """Kill the stream again and again before it has caught up."""
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, 0.5))
        course.exits.append(("stream", course.house.kill("stream")))
        course.fault("kill -9 stream")
        course.house.stream()


@scenario("random kills", "F03", messages=1_000)
def random_kills(course: Course) -> None:
    """Gateway and stream are killed at random moments while a reader looks."""
    course.rate = 250
    course.begin()
    _kill_at_random(course, 3, random.Random(7), 1.5)
    course.rest()


@scenario("random kills of a long feed", "F03", tier="long", messages=12_500, copies=8)
def many_random_kills(course: Course) -> None:
    """The headline: 100,000 messages, 50 kills, then a burst of 20, and a reader all the while."""
    chance = random.Random(11)
    course.connections, course.rate = 8, 400
    course.begin()
    _kill_at_random(course, 50, chance, 3.0)
    _burst(course, 20, chance)
    course.rest()


@scenario("a burst of kills", "F03")
def burst(course: Course) -> None:
    """The stream is killed again and again before it has caught up."""
    course.begin()
    _burst(course, 3, random.Random(5))
    course.rest()


@scenario("asked to end", "F04", messages=1_000)
def terms(course: Course) -> None:
    """SIGTERM at random moments: each part drains and leaves with 0, nothing is repeated."""
    course.rate = 250
    course.begin()
    _ask_to_end(course, ("stream", "gateway"), random.Random(3))
    course.rest()


@scenario("asked to end twenty times", "F04", tier="long", messages=5_000)
def many_terms(course: Course) -> None:
    """As `asked to end`, by turns."""
    course.rate = 100
    course.begin()
    _ask_to_end(course, ("stream", "gateway") * 10, random.Random(4))
    course.rest()


def _ask_to_end(course: Course, parts: Sequence[str], chance: random.Random) -> None:
    for part in parts:
        time.sleep(chance.uniform(0.5, 1.5))
        code = course.house.kill(part, signal.SIGTERM)
        assert code == 0, f"the {part} left with {code}"
        course.fault(f"SIGTERM {part}")
        getattr(course.house, part)()
