"""The one log of `pulsehouse up`, and its alarms.

Here: passing on what components say, our own lines beside theirs, and the alarm of a component that
was restarted. Not here: when anything is told (supervising.py).
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO, cast

import duckdb
from deltalake.exceptions import DeltaError

from lakehouse.alarms import end_alarm, raise_alarm
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from pulsehouse import terminal
from streaming.logs import configure, log

KIND: Final = "component_restarted"
# What somebody may have to look into.
GRAVE: Final = frozenset(
    {
        *("component_fell", "component_unusable", "component_killed"),
        *("needs_recovery", "repaired", "not_repaired"),
    }
)
CLOSE_SECONDS: Final = 2.0
Step = Callable[[Lake, str, str, str, datetime], bool]
_ERROR: Final = "error: "


class _Stays:
    """A way out that stays open: whoever read it may have left, and the service goes on."""

    def __init__(self, way: TextIO) -> None:
        self._way = way

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._way.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._way.flush()


class UpLog:
    """As `Teller`: lines of JSON on stderr, and alarms in the lake."""

    def __init__(self, root: Path) -> None:
        """Args: root: where the lake is, or will be."""
        self.last_error: str | None = None
        self._root = root
        self._way = _Stays(cast("TextIO", terminal.err().file))
        # A lake may be slow, and a restart must not wait for it.
        self._alarms = ThreadPoolExecutor(1, thread_name_prefix="alarms")
        self._last: Future[None] | None = None
        configure("up", cast("TextIO", self._way))

    def line(self, component: str, said: bytes) -> None:
        """Pass a line on; one that is no JSON becomes such a line."""
        text = said.decode("utf-8", "backslashreplace").rstrip()
        if text.startswith("{"):
            self._way.write(text + "\n")
            self._way.flush()
        elif text:
            log().info("said", component=component, detail=text)
            if text.startswith(_ERROR):
                self.last_error = text.removeprefix(_ERROR)

    def event(self, event: str, **fields: object) -> None:
        """A line of our own."""
        say = log().warning if event in GRAVE else log().info
        say(event, **fields)

    def fell(self, component: str, detail: str) -> None:
        """Raise the alarm of a component, unless it is open."""
        self._later(raise_alarm, component, detail)

    def steady(self, component: str) -> None:
        """End the alarm of a component, if it is open."""
        log().info("component_steady", subject=component)
        self._later(end_alarm, component, "it runs again")

    def close(self) -> None:
        """Wait a little for alarms that are being stored."""
        if self._last is not None:
            wait([self._last], CLOSE_SECONDS)
        self._alarms.shutdown(wait=False, cancel_futures=True)

    def _later(self, step: Step, component: str, detail: str) -> None:
        # The context says which component the lines of the log are of.
        self._last = self._alarms.submit(copy_context().run, self._alarm, step, component, detail)

    def _alarm(self, step: Step, component: str, detail: str) -> None:
        try:
            lake = Lake.open(self._root, create=True)
            done = step(lake, KIND, component, detail, datetime.now(UTC))
        except (LakehouseError, DeltaError, duckdb.Error, OSError) as error:
            # The log says it all the same, and the component must come back.
            log().error(
                "alarm_not_stored", kind=KIND, subject=component, error=type(error).__name__
            )
            return
        if done:
            event = "alarm_raised" if step is raise_alarm else "alarm_ended"
            log().warning(event, kind=KIND, subject=component, detail=detail)
