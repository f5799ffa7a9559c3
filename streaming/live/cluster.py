"""Several processes as one stream: facilities are spread over them.

Here: starting them, holding the lock for all, their end, and one answer on the admin port. Not
here: what each does (member.py, child.py), or how rows find their process (the engine, by key).

One that dies ends all: a Bytewax cluster does not go on with fewer. None outlives this process,
however it dies: a child reads its standard input, which ends with us, and the lock, which a child
inherits, is free only when the last of them is gone.
"""

import json
import socket
import subprocess
import sys
import threading
from contextlib import closing
from typing import IO, Final, TextIO

from prometheus_client import CollectorRegistry

from lakehouse.errors import LakehouseError
from streaming.admin import LOOPBACK, AdminServer, Health
from streaming.live.gathering import Gathered, asked
from streaming.live.member import Deployment
from streaming.logs import log

LOOK_SECONDS: Final = 0.1
# The last words of a process that ended are in the pipe already.
HEARD_SECONDS: Final = 1.0


class MemberEndedError(LakehouseError):
    """One of the processes ended; its own words, where it had any, are the message."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        # Of this one error: the child's own.
        self.exit_code = exit_code  # type: ignore[misc]


class _Child:
    """A process, and what it says: its admin port at first, its error at last."""

    def __init__(self, deployment: Deployment, share: dict[str, object], log_file: IO[str]) -> None:
        holding = deployment.holding
        words = {
            "settings": deployment.settings.model_dump(mode="json", exclude={"extracts_url"}),
            "lake": str(deployment.lake.root),
            "lock": [holding.descriptor, holding.fence],
            "log": log_file.fileno(),
            **share,
        }
        self.said: dict[str, object] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streaming.live.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # The engine prints a trace of every failure, which may quote a row.
            stderr=subprocess.DEVNULL,
            pass_fds=[holding.descriptor, log_file.fileno()],
            # Ctrl-C reaches us alone: we tell the others.
            start_new_session=True,
        )
        self._send(json.dumps(words).encode() + b"\n")
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 it was asked for
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 it was asked for
        for line in self._process.stdout:
            self.said |= json.loads(line)

    @property
    def exit_code(self) -> int | None:
        """How it ended, once all that it said is heard; None while it runs."""
        code = self._process.poll()
        if code is not None:
            self._listener.join(HEARD_SECONDS)
        return code

    def drain(self) -> None:
        self._process.terminate()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Cluster:
    """The processes of one stream."""

    def __init__(self, deployment: Deployment, processes: int, log_file: TextIO | None) -> None:
        """Nothing is started yet."""
        self._deployment = deployment
        self._processes = processes
        self._log_file = log_file or sys.stderr
        self._children: list[_Child] = []

    def run(self) -> None:
        """Start all, and wait for their end.

        Raises:
            MemberEndedError: One ended of its own accord.
        """
        shown = CollectorRegistry()
        shown.register(Gathered(lambda: [child.said.get("port") for child in self._children]))
        port = self._deployment.settings.stream_admin
        with closing(AdminServer(port, self._health, shown)):
            try:
                self._start()
                self._wait()
            finally:
                self._end()

    def _start(self) -> None:
        addresses = _free_addresses(self._processes)
        for number in range(self._processes):
            share: dict[str, object] = {"process": number, "addresses": addresses}
            self._children.append(_Child(self._deployment, share, self._log_file))
        log().info("cluster_started", fence=self._deployment.holding.fence)

    def _wait(self) -> None:
        stopping, told = self._deployment.stopping, False
        while any(child.exit_code is None for child in self._children):
            wished = stopping.wait(LOOK_SECONDS)
            if wished and not told:
                told = True
                for child in self._children:
                    child.drain()
            self._look(drained=wished)
        self._look(drained=stopping())

    def _look(self, *, drained: bool) -> None:
        codes = {number: child.exit_code for number, child in enumerate(self._children)}
        ended = [
            (number, code)
            for number, code in codes.items()
            if code is not None and not (code == 0 and drained)
        ]
        if ended:
            raise self._why(*min(ended, key=self._blame))

    def _blame(self, ended: tuple[int, int]) -> tuple[bool, bool]:
        """What ended first: who says why, else who was killed. The others lost a peer by it."""
        number, code = ended
        return "error" not in self._children[number].said, code > 0

    def _why(self, number: int, code: int) -> MemberEndedError:
        said = self._children[number].said.get("error")
        text = said or f"process {number} of the stream ended with {code}; the others end too"
        return MemberEndedError(str(text), code if said and code > 0 else 1)

    def _end(self) -> None:
        for child in self._children:
            child.end()

    def _health(self) -> Health:
        if len(self._children) < self._processes:
            return Health(ready=False, reason="starting")
        answers = [asked(child.said.get("port")) for child in self._children]
        reasons = [answer.reason for answer in answers if not answer.ready]
        return Health(ready=not reasons, reason="; ".join(reasons))


def _free_addresses(count: int) -> list[str]:
    """Addresses on loopback that are free now; should one be taken meanwhile, the start fails."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [f"{LOOPBACK}:{one.getsockname()[1]}" for one in sockets]
    finally:
        for one in sockets:
            one.close()
