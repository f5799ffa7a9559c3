"""What a person sees while files are replayed: how far, how fast, by which clock, and alerts.

Here: a bar on a terminal, plain lines elsewhere. Not here: the replay (streaming/replay.py).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol

import pyarrow as pa
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from pulsehouse import terminal
from pulsehouse.alert_lines import alert_line
from pulsehouse.bars import bar
from streaming.files import Reading
from streaming.replay import Watcher

# Seconds between plain lines: often enough to see life, seldom enough for a log.
QUIET_SECONDS = 2.0


@dataclass(slots=True)
class Speedometer:
    """Rate and lag from what has been read so far."""

    speed: float | None
    began: float | None = None
    first: dt.datetime | None = None
    before: int = 0

    def words(self, messages: int, clock: dt.datetime | None) -> str:
        """Rate, the feed's clock, and how that clock goes."""
        now = monotonic()
        if self.began is None or clock is None or self.first is None:
            self.began, self.first, self.before = now, clock, messages
            return ""
        passed = max(now - self.began, 1e-6)
        rate = f"{(messages - self.before) / passed:,.0f}/s"
        return (
            f"{rate}  feed clock {terminal.stamp(clock)}  {self._pace(clock, self.first, passed)}"
        )

    def _pace(self, clock: dt.datetime, first: dt.datetime, passed: float) -> str:
        told = (clock - first).total_seconds()
        lag = max(passed - told / (self.speed or 1), 0.0)
        return f"lag {lag:.1f} s  {told / passed:,.0f}x real time"


class Screen(Protocol):
    """Where progress goes."""

    def step(self, name: str, share: float, words: str) -> None:
        """Show how far a file is, from 0 to 1, and what is to be said of it."""

    def line(self, text: Text) -> None:
        """Show a line that stays."""


@dataclass(slots=True)
class Board:
    """Turns what the replay tells into what a screen shows."""

    screen: Screen
    speedometer: Speedometer
    show_alerts: bool
    alerts: int = 0

    def watcher(self) -> Watcher:
        """What a replay is given."""
        return Watcher(surveying=self._surveying, reading=self._reading, alerts=self._alerts)

    def _surveying(self, path: Path, reading: Reading) -> None:
        self.screen.step(f"surveying {path.name}", _share(reading), "")

    def _reading(self, path: Path, reading: Reading) -> None:
        clock = None if reading.clock is None else reading.clock.as_py()
        words = self.speedometer.words(reading.messages, clock)
        alerts = f"  {self.alerts:,} alerts" if self.alerts else ""
        self.screen.step(
            path.name, _share(reading), f"{reading.messages:,} messages  {words}{alerts}"
        )

    def _alerts(self, alerts: pa.Table) -> None:
        self.alerts += alerts.num_rows
        if self.show_alerts:
            for row in sorted(
                alerts.to_pylist(), key=lambda row: (row["raised_at"], row["alert_id"])
            ):
                self.screen.line(alert_line(row))


def _share(reading: Reading) -> float:
    return reading.read / reading.size if reading.size else 0.0


@contextmanager
def board(console: Console, speed: float | None, *, show_alerts: bool = False) -> Iterator[Board]:
    """A board on a console: a bar where a person looks, else plain lines."""
    if not console.is_terminal:
        yield Board(_Lines(console), Speedometer(speed), show_alerts)
        return
    with bar(console) as progress:
        yield Board(_Bar(progress), Speedometer(speed), show_alerts)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1.0, words="")

    def step(self, name: str, share: float, words: str) -> None:
        self._progress.update(
            self._task, description=terminal.escaped(name), completed=share, words=words
        )

    def line(self, text: Text) -> None:
        self._progress.console.print(text)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = monotonic()

    def step(self, name: str, share: float, words: str) -> None:
        if monotonic() - self._last >= QUIET_SECONDS:
            self._last = monotonic()
            text = f"{name}: {share:.0%}  {words}".rstrip()
            self._console.print(text, markup=False, soft_wrap=True)

    def line(self, text: Text) -> None:
        self._console.print(text.plain.strip(), markup=False, soft_wrap=True)
