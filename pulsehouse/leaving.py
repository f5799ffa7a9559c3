"""Leaving before there is anything to finish: a service that is told to stop while it loads.

Here: the signals of the first seconds, in which a process loads its engines and has promised
nothing. Not here: draining, which takes the signals over (streaming/live/stopping.py,
streaming/gateway/running.py).
"""

import os
import signal
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def leave_when_told() -> None:
    """From now on a signal ends the process at once, as done; in the main thread."""
    for number in SIGNALS:
        signal.signal(number, _leave)


def _leave(_number: int, _frame: FrameType | None) -> None:
    # An exception would pass through half an import, and some of those swallow it.
    os._exit(0)
