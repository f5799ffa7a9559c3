"""A sender as hospitals have them: it sends again until it is told that a message is safe.

Here: MLLP over plain sockets, several connections, a patient's messages on one of them in order;
what was acknowledged, and when. Not here: what is sent (corpus.py).
"""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

from tests.faults.corpus import Message

VT, END = b"\x0b", b"\x1c\r"
SAFE = frozenset({"AA", "CA", "AE", "CE"})


@dataclass
class Log:
    """What the sender was told; `answers` has the last code of each control id."""

    answers: dict[str, str] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    resent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def safe(self) -> set[str]:
        """Control ids that somebody was promised."""
        with self.lock:
            return {control for control, code in self.answers.items() if code in SAFE}


class Sender:
    """Sends messages over some connections; `join` waits until every one is answered for good."""

    def __init__(
        self, port: int, messages: Sequence[Message], *, connections: int = 4, rate: float = 0
    ) -> None:
        self.log = Log()
        self._port, self._stop = port, threading.Event()
        # Nought is as fast as answers come; else messages per second and connection.
        self._wait = connections / rate if rate else 0.0
        lines: list[list[Message]] = [[] for _ in range(connections)]
        for message in messages:
            lines[crc32(message.patient.encode()) % connections].append(message)
        self._threads = [
            threading.Thread(target=self._send_all, args=(line,), daemon=True) for line in lines
        ]

    def start(self) -> "Sender":
        for thread in self._threads:
            thread.start()
        return self

    def lose_power(self) -> None:
        """Send nothing more; what is not answered by now never will be."""
        self._stop.set()

    def join(self, seconds: float = 120) -> None:
        """Wait for the last answer; some must come, all the while."""
        limit, before = time.monotonic() + seconds, -1
        while any(thread.is_alive() for thread in self._threads):
            if (answered := len(self.log.answers)) > before:
                limit, before = time.monotonic() + seconds, answered
            if time.monotonic() > limit:
                self._stop.set()
                msg = f"not everything was answered: {answered} were"
                raise TimeoutError(msg)
            time.sleep(0.05)

    def _send_all(self, messages: list[Message]) -> None:
        connection: socket.socket | None = None
        for message in messages:
            while not self._stop.is_set():
                try:
                    connection = connection or self._connected()
                    code, control_id = asked(connection, message.raw)
                except OSError:
                    connection = _closed(connection)
                    self.log.resent += 1
                    self._stop.wait(0.1)
                    continue
                assert control_id == message.control_id
                if self._is_settled(message, code):
                    break
                self._stop.wait(0.2)
            if self._wait:
                self._stop.wait(self._wait)
        _closed(connection)

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _is_settled(self, message: Message, code: str) -> bool:
        with self.log.lock:
            if code not in SAFE:
                self.log.refused += 1
                return False
            self.log.answers[message.control_id] = code
            self.log.at[message.control_id] = time.time()
            return True


def asked(connection: socket.socket, raw: bytes) -> tuple[str, str]:
    """Send one message; gives its answer's code, and the control id that it names."""
    connection.sendall(VT + raw + END)
    answer = b""
    while END not in answer:
        piece = connection.recv(65_536)
        if not piece:
            msg = "the connection ended before the answer"
            raise ConnectionError(msg)
        answer += piece
    msa = next(line for line in answer.split(b"\r") if line.startswith(b"MSA"))
    _, code, control_id, *_ = msa.decode().split("|")
    return code, control_id


def _closed(connection: socket.socket | None) -> None:
    if connection is not None:
        connection.close()
