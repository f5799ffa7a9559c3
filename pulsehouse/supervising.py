"""Supervision: components side by side, restarted when they fall, stopped in their order.

Here: the loop, and what each end of a component means. Not here: a component (component.py), the
commands and the start text (supervision.py), or alarms (lakehouse/alarms.py).

One thread does everything, and sleeps until a component speaks or ends, a signal comes, or a
restart is due.
"""

import os
import selectors
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from pulsehouse.component import Component, Patience
from pulsehouse.failure import FAILED, NEEDS_RECOVERY, OK, USAGE

STOPS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
REPAIR: Final = "doctor"


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs, and how patient one is with it.

    `components` are commands by name, in the order in which they are started and stopped: who takes
    messages in stops first. `repair` is what mends the lake. A component that was told to stop is
    waited for `turn` seconds before the next is told; all of them are killed after `whole`. What is
    `optional` ends nobody else, also where it cannot run as it was told to: it is tried again.
    """

    components: Mapping[str, Sequence[str]]
    repair: Sequence[str]
    patience: Patience = field(default_factory=Patience)
    turn: float = 5.0
    whole: float = 14.0
    optional: frozenset[str] = frozenset()


class Teller(Protocol):
    """Who is told what happens: a log, and alarms."""

    def line(self, component: str, said: bytes) -> None:
        """A component said a line."""

    def event(self, event: str, **fields: object) -> None:
        """Something happened to a component."""

    def fell(self, component: str, detail: str) -> None:
        """A component fell, and will be started again."""

    def steady(self, component: str) -> None:
        """A component has run for long enough: whatever was wrong with it is over."""


class Supervisor:
    """Runs a plan until a signal ends it, or something that no restart can mend."""

    def __init__(
        self, plan: Plan, teller: Teller, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start nothing yet; `clock` is in seconds, from anywhere."""
        self._plan = plan
        self._teller = teller
        self._clock = clock
        self._components = [
            Component(name, command, plan.patience) for name, command in plan.components.items()
        ]
        self._selector = selectors.DefaultSelector()
        self._stop: signal.Signals | None = None
        self._was_repaired = False

    def run(self) -> int:
        """Supervise in the main thread; the exit code."""
        with self._listening():
            try:
                self._start_all()
                while self._stop is None:
                    self._wait(self._due())
                    if (code := self._look()) is not None:
                        return code
                self._teller.event("stopping", signal=self._stop.name)
                return self._stopped(OK)
            finally:
                for component in self._components:
                    component.kill()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Wake up by signals: of those who want an end, and of a child that ended."""
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(reading, selectors.EVENT_READ)
        before = {number: signal.signal(number, self._heard) for number in STOPS}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        woken = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            os.close(reading)
            os.close(writing)

    def _heard(self, number: int, _frame: object) -> None:
        self._stop = self._stop or signal.Signals(number)

    def _start_all(self) -> None:
        for component in self._components:
            self._start(component)

    def _start(self, component: Component) -> None:
        try:
            descriptor = component.start(self._clock())
        except OSError as error:
            # No memory or no process is free: it may be later.
            self._fell(component, {"error": type(error).__name__})
            return
        self._selector.register(descriptor, selectors.EVENT_READ, component)
        self._teller.event("component_started", subject=component.name, pid=component.pid)

    def _due(self) -> float:
        """How long there is nothing to do; for ever is an hour."""
        moments = [moment for one in self._components if (moment := one.wakes()) is not None]
        return max(0.0, min(moments, default=self._clock() + 3600) - self._clock())

    def _wait(self, seconds: float) -> None:
        """Sleep until something happens, and pass on what is said."""
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, Component):
                self._say(key.data, key.fd)
            else:
                self._emptied(key.fd)

    @staticmethod
    def _emptied(descriptor: int) -> None:
        while len(os.read(descriptor, 512)) == 512:  # noqa: PLR2004 as many as are read
            pass

    def _say(self, component: Component, descriptor: int) -> None:
        found, is_open = component.lines()
        for line in found:
            self._teller.line(component.name, line)
        if not is_open:
            # It closed its log: until it ends there is nothing more to hear.
            self._selector.unregister(descriptor)

    def _look(self) -> int | None:
        """What became of each component; an exit code where this ends all."""
        now = self._clock()
        for component in self._components:
            if (code := self._ended(component)) is not None:
                if (end := self._after(component, code)) is not None:
                    return end
            elif component.becomes_steady(now):
                self._was_repaired = False
                self._teller.steady(component.name)
            elif component.due is not None and component.due <= now:
                self._start(component)
        return None

    def _ended(self, component: Component) -> int | None:
        """How a component ended, once all that it said is passed on."""
        if (code := component.ended()) is None:
            return None
        descriptor = component.descriptor
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)
        for line in component.last_lines():
            self._teller.line(component.name, line)
        return code

    def _after(self, component: Component, code: int) -> int | None:
        """Start it again in a while, repair, or end."""
        if self._stop is not None:
            return None
        how = _how(code)
        if code == USAGE and component.name not in self._plan.optional:
            self._teller.event("component_unusable", subject=component.name, **how)
            return self._stopped(USAGE)
        if code == NEEDS_RECOVERY:
            return self._repaired(component.name)
        self._fell(component, how)
        return None

    def _fell(self, component: Component, how: Mapping[str, object]) -> None:
        wait = component.fell(self._clock())
        self._teller.event("component_fell", subject=component.name, seconds=wait, **how)
        self._teller.fell(component.name, _detail(how))

    def _repaired(self, name: str) -> int | None:
        """Mend the lake, with nobody at work on it; once, until all has been well for a while."""
        self._teller.event("needs_recovery", subject=name)
        self._stopped(OK)
        if self._stop is not None:
            return OK
        mended = not self._was_repaired and self._mended() == OK
        if self._stop is not None:
            return OK
        if not mended:
            command = shlex.join(
                ("pulsehouse", *self._plan.repair[self._plan.repair.index(REPAIR) :])
            )
            self._teller.event("not_repaired", subject=name, detail=command)
            return NEEDS_RECOVERY
        self._was_repaired = True
        self._teller.event("repaired", subject=name)
        self._start_all()
        return None

    def _mended(self) -> int | None:
        """The exit code of the repair; None where it was broken off."""
        repair = Component(REPAIR, self._plan.repair, self._plan.patience)
        self._components.append(repair)
        try:
            self._start(repair)
            while self._stop is None:
                if (code := self._ended(repair)) is not None:
                    return code
                self._wait(3600)
            return None
        finally:
            repair.kill()
            self._ended(repair)
            self._components.remove(repair)

    def _stopped(self, code: int) -> int:
        """Stop every component, in order; the given code, or failure where one had to be killed."""
        end = self._clock() + self._plan.whole
        for component in self._components:
            component.due = None
            component.tell(signal.SIGTERM)
            self._until_ended([component], min(end, self._clock() + self._plan.turn))
        self._until_ended(self._components, end)
        left = [component for component in self._components if component.pid is not None]
        for component in left:
            self._teller.event("component_killed", subject=component.name)
            component.kill()
            self._ended(component)
        return FAILED if left and code == OK else code

    def _until_ended(self, components: Sequence[Component], end: float) -> None:
        while any(one.pid is not None for one in components) and self._clock() < end:
            self._wait(end - self._clock())
            for component in self._components:
                if (code := self._ended(component)) is not None:
                    told = _how(code)
                    self._teller.event("component_stopped", subject=component.name, **told)


def _how(code: int) -> dict[str, object]:
    """A way to end, as a log tells it."""
    return {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}


def _detail(how: Mapping[str, object]) -> str:
    (said,) = (f"{name.replace('_', ' ')} {value}" for name, value in how.items())
    return f"it ended with {said} and is started again; its last lines in the log say why"
