"""A gateway as a process of its own, and senders that talk to it.

Here: starting, asking and ending it. Not here: what must come of it (test_running.py).
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from streaming.gateway.framing import framed
from streaming.inbox.journal_reading import JournalReader

ROOT = Path(__file__).parents[3]
FEED = "hl7_v2"
FHIR = "fhir_r4"
PATIENCE = 180
ANSWER = re.compile(rb"MSA\|(\w\w)\|([^|\r]*)")


class Gateway:
    """A running gateway, started with options and settings."""

    def __init__(self, lake, *options, **settings):
        self.lake = lake
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
        named = {f"PULSEHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
        environ |= {"PYTHONPATH": str(ROOT), "PULSEHOUSE_GATEWAY_ADMIN": "0", **named}
        words = [sys.executable, "-m", "pulsehouse", "gateway", "--lake", lake, *options]
        self.process = subprocess.Popen(
            list(map(str, words)), env=environ, stderr=subprocess.PIPE, text=True
        )
        self.said = []
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self):
        self.said.extend(iter(self.process.stderr.readline, ""))

    def told(self, event):
        """Log lines of an event."""
        lines = [json.loads(line) for line in list(self.said) if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def port(self, road="mllp", feed=FEED):
        """Where it listens, once it does."""
        wait_until(lambda: self._ports(road, feed) or self.process.poll() is not None)
        ports = self._ports(road, feed)
        assert ports, "".join(self.said)
        return ports[0]

    def _ports(self, road, feed):
        return [
            line["port"]
            for line in self.told("listening")
            if line["road"] == road and (road == "admin" or line["feed"] == feed)
        ]

    def asked(self, path):
        """Status and text of the admin port."""
        url = f"http://127.0.0.1:{self.port('admin')}{path}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self, number=signal.SIGTERM):
        """Its exit code, after a signal."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        """Its exit code, once it has ended."""
        code = self.process.wait(PATIENCE)
        self._listening.join(PATIENCE)
        return code

    def journaled(self, feed=FEED):
        """What is in its journal."""
        reader = JournalReader(self.lake / "journal")
        try:
            return reader.read(feed, 0, 1_000_000, 1 << 40).raw.to_pylist()
        finally:
            reader.close()


@contextmanager
def gateway(lake, *options, **settings):
    """A gateway that takes one feed on any port, ended with the test."""
    running = Gateway(lake, *(options or ("--mllp", f"{FEED}=0")), **settings)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


class Line:
    """One blocking connection of a sender."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._carry = b""

    def send(self, *messages):
        self._socket.sendall(b"".join(map(framed, messages)))

    def write(self, raw):
        self._socket.sendall(raw)

    def answer(self):
        """Code and control id of the next answer; None where the gateway has hung up."""
        while b"\x1c\r" not in self._carry:
            try:
                more = self._socket.recv(65_536)
            except ConnectionError:
                return None
            if not more:
                return None
            self._carry += more
        frame, _, self._carry = self._carry.partition(b"\x1c\r")
        code, control_id = ANSWER.findall(frame)[0]
        return code.decode(), control_id.decode()

    def close(self):
        self._socket.close()
