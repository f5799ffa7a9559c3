"""Asking the laws before somebody looks: a nurse who opens a list must not wait for them.

Here: whose lists are asked for next, some at a time, so that it takes a small part of a core and
nothing once all are known. Not here: the lists (lists.py), or what is remembered (remembered.py).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow.compute as pc

from streaming.desk.picture.mirror import Standing
from streaming.desk.picture.picture import Picture
from streaming.desk.picture.views import Key

# Patients in one question: the law costs four times as much for so many as for one.
AT_ONCE: Final = 64
# After each turn it rests so many times as long: others wait for the same cores.
RESTS: Final = 6.0
IDLE_SECONDS: Final = 1.0
# The lists of a large hospital; of others people wait for the law.
MOST_PATIENTS: Final = 5_000
_TOLD_IN: Final = ("medication_events", "encounter_events")


class Ahead:
    """Asks for the lists of one picture's patients; for one thread."""

    def __init__(self, picture: Picture) -> None:
        """Nothing was asked yet."""
        self._picture = picture
        self._seen = Standing({})
        self._run: datetime | None = None
        self._due: dict[Key, None] = {}
        self._until: dict[Key, datetime] = {}

    def rest(self, took: float) -> float:
        """How long to rest after a turn that took so long, in seconds."""
        return took * RESTS if self._due else max(IDLE_SECONDS, took * RESTS)

    def step(self, now: datetime) -> None:
        """Ask for some that are due."""
        self._look(self._picture.mirror.standing, now)
        some = list(self._due)[:AT_ONCE]
        if some:
            self._until |= self._picture.ask_ahead(some, now)
        for key in some:
            del self._due[key]

    def _look(self, standing: Standing, now: datetime) -> None:
        """Who is due: of whom anything was told since, or whose list changes by itself."""
        run = self._picture.clock.last_until(now)
        if standing.turn != self._seen.turn or run != self._run:
            self._until.clear()
            self._due = dict.fromkeys(self._patients(standing, None))
        elif standing is not self._seen:
            news = set(self._patients(standing, self._seen.as_of))
            self._due |= dict.fromkeys(key for key in news if key in self._until)
            self._due |= dict.fromkeys(news) if len(self._until) < MOST_PATIENTS else {}
        self._due |= dict.fromkeys(key for key, until in self._until.items() if until <= now)
        self._seen, self._run = standing, run

    def _patients(self, standing: Standing, since: datetime | None) -> Iterable[Key]:
        """Patients of whom something came, the newest first."""
        heard: dict[int, int] = {}
        for run in (run for name in _TOLD_IN for run in standing.rows[name].runs):
            mine = np.flatnonzero(run.keys >= 0)
            if since is not None:
                came = pc.greater_equal(run.rows["received_at"], since).to_numpy()
                mine = np.flatnonzero(came & (run.keys >= 0))
            times = run.rows["received_at"].cast("int64").to_numpy()[mine]
            for number, time in _newest(run.keys[mine], times):
                heard[number] = max(time, heard.get(number, time))
        kin = self._picture.mirror.kin
        order = sorted(heard, key=lambda number: -heard[number])[:MOST_PATIENTS]
        return [(kin.name(one).facility or None, kin.name(one).text) for one in order]


def _newest(keys: np.ndarray, times: np.ndarray) -> Iterable[tuple[int, int]]:
    if not len(keys):
        return []
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    newest = np.maximum.reduceat(times, starts)
    return zip(keys[starts].tolist(), newest.tolist(), strict=True)
