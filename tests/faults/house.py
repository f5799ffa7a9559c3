"""A gateway and a stream as real processes, to be killed, starved and started again.

Here: starting them on one lake with given environment, where they listen, waiting until all that is
in the journal is in the tables, and ending them. Not here: what goes wrong (scenarios), or what
must hold (checks.py).
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.cuts import cut
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from tests.faults.corpus import FEED

PATIENCE = 90.0
PARTITION = 1_000


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class House:
    """One lake with its gateway and stream."""

    root: Path
    journal: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    gateway_admin: int = field(default_factory=free_port)
    stream_admin: int = field(default_factory=free_port)
    http: dict[str, int] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def database(self) -> Path:
        return (self.journal or self.lake / "journal") / "journal.sqlite"

    def environment(self, failpoint: str | None = None) -> dict[str, str]:
        known = {
            **os.environ,
            "PULSEHOUSE_GATEWAY_ADMIN": str(self.gateway_admin),
            "PULSEHOUSE_STREAM_ADMIN": str(self.stream_admin),
            "PULSEHOUSE_DESK_PORT": "0",
            "PULSEHOUSE_DESK_ADMIN": "0",
            **self.settings,
        }
        if self.journal is not None:
            known["PULSEHOUSE_JOURNAL"] = str(self.journal)
        if failpoint:
            known["PULSEHOUSE_FAILPOINT"] = f"{failpoint}:{self.root / 'failpoints.log'}"
        return known

    def gateway(
        self, failpoint: str | None = None, under: Sequence[str] = (), *, wait: bool = True
    ) -> None:
        """Start the gateway and wait until it takes connections, or has ended."""
        words = ["gateway", "--lake", str(self.lake), "--mllp", f"{FEED}={self.port}"]
        for feed, port in self.http.items():
            words += ["--http", f"{feed}={port}"]
        self._start("gateway", words, failpoint, under)
        if wait:
            self._wait_for_port(self.port, "gateway")

    def stream(
        self, failpoint: str | None = None, under: Sequence[str] = (), processes: int = 1
    ) -> None:
        """Start the stream, and wait until it runs or has ended."""
        before = self.said("stream").count("stream_started")
        words = ["stream", "--lake", str(self.lake)]
        if processes > 1:
            words += ["-n", str(processes)]
        self._start("stream", words, failpoint, under)
        self._wait(lambda: self.said("stream").count("stream_started") > before, "stream")

    def both(self, gateway: str | None = None, stream: str | None = None) -> None:
        """Start gateway and stream at once; failpoints for them."""
        self.gateway(gateway, wait=False)
        self.stream(stream)
        self._wait_for_port(self.port, "gateway")

    def up(self) -> None:
        """Start both under the supervisor."""
        words = ["up", "--lake", str(self.lake), "--mllp", f"{FEED}={self.port}"]
        self._start("up", words, None, ())
        self._wait_for_port(self.port, "up")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the lake to its end."""
        return subprocess.run(
            [sys.executable, "-m", "pulsehouse", *words, "--lake", str(self.lake)],
            capture_output=True,
            text=True,
            env=self.environment(),
            timeout=PATIENCE * 2,
            check=False,
        )

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Signal a part and wait for its end; gives its exit code."""
        process = self.running.pop(name)
        if number == signal.SIGKILL:
            _end_group(process)
        else:
            process.send_signal(number)
        return process.wait(PATIENCE)

    def ended(self, name: str, seconds: float = PATIENCE) -> int:
        """Wait until a part ends by itself; gives its exit code."""
        code = self.running[name].wait(seconds)
        del self.running[name]
        return code

    def is_alive(self, name: str) -> bool:
        return name in self.running and self.running[name].poll() is None

    def metric(self, name: str) -> float:
        """One of the gateway's counters, over all its labels, since its last start."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.gateway_admin}/metrics", timeout=10
        ) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def said(self, name: str) -> str:
        """What a part has written to its log so far, over all its starts."""
        place = self.root / f"{name}.log"
        return place.read_text(encoding="utf-8", errors="replace") if place.exists() else ""

    def events(self, name: str) -> list[str]:
        """The names of the events in a part's log."""
        lines = (line for line in self.said(name).splitlines() if line.startswith("{"))
        return [json.loads(line).get("event", "") for line in lines]

    def close(self) -> None:
        """End everything at once, also what a scenario has lost sight of."""
        self.running.clear()
        for process in self.started:
            _end_group(process)
            process.wait(PATIENCE)

    def journaled(self) -> int:
        """How many messages of the feed have an offset."""
        try:
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as database:
                row = database.execute(
                    "select next_offset from places where feed = ?", (FEED,)
                ).fetchone()
        except sqlite3.OperationalError:
            return 0  # not made yet
        return row[0] if row else 0

    def settle(self, seconds: float = PATIENCE) -> None:
        """Wait until every message of the journal has passed the cut; some must, all the while."""
        limit, before = time.monotonic() + seconds, -1
        while (reached := self.reached()) < (journaled := self.journaled()):
            if reached > before:
                limit, before = time.monotonic() + seconds, reached
            if time.monotonic() > limit:
                msg = f"{reached} of {journaled} messages passed; {self.said('stream')[-800:]}"
                raise TimeoutError(msg)
            time.sleep(0.1)

    def reached(self) -> int:
        """How many messages of the feed have passed the cut."""
        try:
            return cut(Lake.open(self.lake, create=False)).next_offset(FEED, PARTITION)
        except (LakehouseError, OSError):
            return 0

    def _start(
        self, name: str, words: Sequence[str], failpoint: str | None, under: Sequence[str]
    ) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*under, sys.executable, "-m", "pulsehouse", *words],
                stdout=log,
                stderr=log,
                env=self.environment(failpoint),
                start_new_session=True,
            )
        self.started.append(self.running[name])

    def _wait_for_port(self, port: int, name: str) -> None:
        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self._wait(listens, name)

    def _wait(self, condition: Callable[[], bool], name: str) -> None:
        limit = time.monotonic() + PATIENCE
        while self.is_alive(name) and not condition():
            if time.monotonic() > limit:
                msg = f"the {name} does not start: {self.said(name)[-800:]}"
                raise TimeoutError(msg)
            time.sleep(0.05)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill it with all that it started: a tracer that dies alone leaves what it traced running."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
