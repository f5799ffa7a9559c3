"""Rounds: work that a desk does again and again, each kind in a thread of its own.

Here: when a round comes, and what becomes of its errors. Not here: what is done in one (running.py
puts them together).

A lake or a store that is away is waited for, and said once; a defect of ours ends the process,
whose supervisor starts it again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lakehouse.errors import LakehouseError
from streaming.desk.store.away import AWAY
from streaming.live.stopping import Stopping
from streaming.logs import log

AGAIN_SECONDS: Final = 1.0
WAITED_FOR: Final = (LakehouseError, OSError, *AWAY)


@dataclass(frozen=True, slots=True)
class Round:
    """A work, and how it waits until its next turn (in seconds, or by a bell)."""

    name: str
    step: Callable[[], object]
    wait: Callable[[], object]


class Rounds:
    """Goes its rounds until told to stop, or until one meets a defect."""

    def __init__(self, stopping: Stopping, rounds: list[Round]) -> None:
        """Start nothing yet."""
        self._stopping = stopping
        self._threads = [
            threading.Thread(target=self._go, args=(one,), name=one.name, daemon=True)
            for one in rounds
        ]
        self.broken: Exception | None = None

    def start(self) -> None:
        """Begin each round."""
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait for those that are in the middle of something, so long at most."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _go(self, one: Round) -> None:
        is_away = False
        while not self._stopping():
            try:
                one.step()
            except WAITED_FOR as error:
                if not is_away:
                    log().warning("round_waits", kind=one.name, error=type(error).__name__)
                is_away = True
                self._stopping.wait(AGAIN_SECONDS)
                continue
            except Exception as error:
                self._break(one, error)
                return
            if is_away:
                log().info("round_goes_on", kind=one.name)
            is_away = False
            one.wait()

    def _break(self, one: Round, error: Exception) -> None:
        log().error("round_broken", kind=one.name, error=type(error).__name__)
        self.broken = self.broken or error
        self._stopping.wish()
