"""Running the desk: its parts in one process, or in several that share a store.

Here: which rounds each role goes, how they start, and how they end. Not here: the parts.

What is being sent when the process is told to stop is finished and written down; all else is in the
store already.
"""

import itertools
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Final, Literal

from streaming.admin import AdminServer
from streaming.allocation import leave_alone_what_lasts
from streaming.desk import measuring
from streaming.desk.desk import Desk
from streaming.desk.evaluating.keeping_up import KeepingUp
from streaming.desk.intake.alarms import Alarms
from streaming.desk.intake.following import Following
from streaming.desk.picture.ahead import Ahead
from streaming.desk.publishing import Publishing
from streaming.desk.rounds import Round, Rounds
from streaming.desk.sending import Roads, roads
from streaming.desk.tending import Tending
from streaming.desk.ticking import Ticker
from streaming.desk.workers import WORKERS, Workers, Works
from streaming.live.stopping import Stopping
from streaming.logs import log

Role = Literal["all", "web", "worker", "intake"]

# In seconds. An alert waits this long for the desk to look, at most.
INTAKE: Final = 0.05
# Other processes ring no bell here: what they wrote is sent so much later, at most.
OUTBOX: Final = 0.5
CLOCK: Final = 1.0
# The outbox is looked after with every other turn of the clock.
TENDED: Final = 2
LAKE: Final = 1.0
PICTURE: Final = 0.5
GAUGES: Final = 5.0
# What is in the middle of something gets so long at the end.
DRAIN: Final = 8.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """A desk and how it runs: which part of it, how many workers, and whether anything is sent."""

    desk: Desk
    role: Role = "all"
    workers: int = WORKERS
    sends: bool = True

    def has(self, role: Role) -> bool:
        """Whether this process has a part."""
        return self.role in {"all", role}


def run(deployment: Deployment, greet: Callable[[], None] = lambda: None) -> int:
    """Run until a signal says to stop.

    Args:
        deployment: What runs.
        greet: Called once the pages can be reached.

    Raises:
        LakehouseError: A port, a certificate or a receiver cannot be used.
    """
    # Libraries log in words of their own, which may be a patient's.
    logging.getLogger().addHandler(logging.NullHandler())
    desk = deployment.desk
    with ExitStack() as opened:
        stopping = opened.enter_context(Stopping().listening())
        works = Works(desk.engine, _roads(deployment), desk.clock, desk.bell)
        workers = Workers(works, deployment.workers)
        rounds = Rounds(stopping, _rounds(deployment, workers, stopping))
        opened.enter_context(
            closing(AdminServer(desk.settings.desk_admin, lambda: measuring.health(desk)))
        )
        _serve(deployment, rounds, stopping, greet)
        workers.stop()
        rounds.join(DRAIN)
        workers.close()
    if rounds.broken is not None:
        raise rounds.broken
    return 0


def _roads(deployment: Deployment) -> Roads:
    desk = deployment.desk
    sends = deployment.sends and deployment.has("worker")
    return roads(desk.settings, desk.planner.routes, desk.clock.now, sends=sends)


def _serve(
    deployment: Deployment, rounds: Rounds, stopping: Stopping, greet: Callable[[], None]
) -> None:
    """Everything at work until the wish to stop."""
    desk = deployment.desk
    if not deployment.has("web"):
        _start(rounds, deployment)
        while not stopping.wait(3600):
            pass
        return
    # Only who serves pages loads what makes them.
    from streaming.desk.serving import open_port, serve_pages  # noqa: PLC0415
    from streaming.desk.web.app import desk_app  # noqa: PLC0415
    from streaming.desk.web.serving import tls_context  # noqa: PLC0415

    # Refused before anything is sent or taken in.
    tls = tls_context(desk.settings)
    with closing(open_port(desk.settings)) as port:
        app = desk_app(desk)
        _start(rounds, deployment)
        greet()
        serve_pages(app, tls, port, stopping)


def _start(rounds: Rounds, deployment: Deployment) -> None:
    leave_alone_what_lasts()
    rounds.start()
    log().info("desk_runs", detail=deployment.role)


def _rounds(deployment: Deployment, workers: Workers, stopping: Stopping) -> list[Round]:
    desk = deployment.desk

    def every(seconds: float) -> Callable[[], object]:
        return lambda: stopping.wait(seconds)

    rounds = [Round("gauges", lambda: measuring.measure(desk), every(GAUGES))]
    if deployment.has("worker"):
        heard = desk.bell.rings

        def rung() -> None:
            nonlocal heard
            heard = desk.bell.wait(heard, OUTBOX)

        rounds.append(Round("outbox", workers.look, rung))
        rounds.append(Round("clock", _clock(desk), every(CLOCK)))
    if deployment.has("intake"):
        following = Following(desk)
        rounds.append(Round("intake", following.look, every(INTAKE)))
        if not desk.clock.rehearses:
            rounds.append(Round("lake", _lake(desk), every(LAKE)))
    if deployment.has("web") or deployment.has("intake"):
        rounds.append(Round("picture", _picture(deployment), every(PICTURE)))
    if deployment.has("web"):
        rounds.append(_ahead(desk, stopping))
    return rounds


def _clock(desk: Desk) -> Callable[[], object]:
    ticker, tending = Ticker(desk.engine, desk.planner), Tending(desk.engine, desk.planner)
    turns = itertools.count()

    def step() -> None:
        now = desk.clock.now()
        ticked = ticker.tick(now)
        is_tended = next(turns) % TENDED == 0 and tending.look(now)
        if ticked or is_tended:
            desk.bell.ring()

    return step


def _lake(desk: Desk) -> Callable[[], object]:
    alarms, publishing = Alarms(desk), Publishing(desk)

    def step() -> None:
        alarms.look(desk.clock.now())
        publishing.step()

    return step


def _ahead(desk: Desk, stopping: Stopping) -> Round:
    """Lists that somebody may ask for, with long rests: it must never keep others waiting."""
    ahead, took = Ahead(desk.picture), 0.0

    def step() -> None:
        nonlocal took
        began = time.monotonic()
        ahead.step(desk.clock.now())
        took = time.monotonic() - began

    return Round("ahead", step, lambda: stopping.wait(ahead.rest(took)))


def _picture(deployment: Deployment) -> Callable[[], object]:
    """Who shows patients keeps the picture up; one process alone lets cases follow it."""
    desk = deployment.desk
    if not deployment.has("intake"):
        return lambda: desk.picture.keep_up(desk.clock.now())
    keeping_up = KeepingUp.of(desk.picture, desk.cases)
    return lambda: keeping_up.step(desk.clock.now())
