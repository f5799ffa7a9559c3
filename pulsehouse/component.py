"""A component that is supervised: one child process, what it says, and how often it fell.

Here: starting it, its signals, its lines, and how long to wait before it is started again. Not
here: when any of that is done (supervising.py).
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lakehouse.failpoints import VARIABLE as FAILPOINT

TETHER: Final = Path(__file__).with_name("tether.py")
# A line of a log is shorter; what is longer is passed on in parts.
LONGEST_LINE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds: the first wait before a restart, the longest, and after how long all is well."""

    first: float = 0.5
    longest: float = 30.0
    steady: float = 60.0

    def wait(self, falls: int) -> float:
        """How long to wait after so many falls in a row."""
        # No power beyond the longest wait is ever needed, and a large one would overflow.
        return min(self.longest, self.first * 2.0 ** min(falls - 1, 30))


class Component:
    """One of the processes that run side by side."""

    def __init__(self, name: str, command: Sequence[str], patience: Patience) -> None:
        """Args: command: an absolute program and its arguments."""
        self.name = name
        self.falls = 0
        self.is_steady = False
        self.due: float | None = None
        self._command = list(command)
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._begun = b""
        self._descriptor = -1
        self._environ = dict(os.environ)

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return None if self._process is None else self._process.pid

    def start(self, now: float) -> int:
        """Start it, in a process group of its own; gives what it says as a file descriptor.

        A terminal's Ctrl-C reaches the whole foreground group: this one is told to stop when it is
        its turn. The process must be started from the main thread, whose life the kernel watches.
        """
        tied = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self._command]
        self._process = subprocess.Popen(  # noqa: S603 our own commands
            tied,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        self._environ = _without_failpoint(self._environ)
        self._started, self.due, self.is_steady = now, None, False
        self._begun = b""
        if self._process.stdout is not None:
            self._descriptor = self._process.stdout.fileno()
        os.set_blocking(self._descriptor, False)
        return self._descriptor

    @property
    def descriptor(self) -> int:
        """Where it is heard, until `last_lines`."""
        return self._descriptor

    def lines(self) -> tuple[list[bytes], bool]:
        """What it said since this was last asked, in whole lines; and whether it may say more."""
        more: bytes | None = None
        with suppress(BlockingIOError):
            more = os.read(self._descriptor, LONGEST_LINE)
            self._begun += more
        *whole, self._begun = self._begun.split(b"\n")
        if len(self._begun) >= LONGEST_LINE:
            whole, self._begun = [*whole, self._begun], b""
        return whole, more != b""

    def ended(self) -> int | None:
        """How it ended: an exit code, or a signal's number below zero. None while it runs."""
        if self._process is None:
            return None
        pid = self._process.pid
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        # What it started may not outlive it: it would hold the lake against the next one. While it
        # is not taken note of, its number is not given to anybody else.
        self._kill_group()
        return self._process.wait()

    def last_lines(self) -> list[bytes]:
        """What it still had to say when it ended; then it is let go of."""
        said: list[bytes] = []
        while True:
            whole, is_open = self.lines()
            said += whole
            if not (whole and is_open):
                break
        said.append(self._begun)
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return [line for line in said if line]

    def fell(self, now: float) -> float:
        """It ended unasked: when it is due again; gives how long that is."""
        self.falls += 1
        wait = self._patience.wait(self.falls)
        self.due = now + wait
        return wait

    def becomes_steady(self, now: float) -> bool:
        """Whether it has run for so long, since a moment ago, that all is well."""
        if self.pid is None or self.is_steady or now - self._started < self._patience.steady:
            return False
        self.is_steady, self.falls = True, 0
        return True

    def wakes(self) -> float | None:
        """When there is something to do about it next, unless it speaks or ends."""
        if self.pid is None:
            return self.due
        return None if self.is_steady else self._started + self._patience.steady

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it and whatever it started."""
        self._kill_group()
        if self._process is not None:
            self._process.wait()

    def _kill_group(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _without_failpoint(environ: Mapping[str, str]) -> dict[str, str]:
    """A failpoint kills once, or nothing would ever come back."""
    return {name: value for name, value in environ.items() if name != FAILPOINT}
