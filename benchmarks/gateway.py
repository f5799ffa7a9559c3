"""The gateway under load: messages a second, and how long an acknowledgement takes.

Here: a real gateway process, 50 MLLP connections from this one, and what they saw. Not here: what
the gateway does. A message is counted from the moment it was due, so that a gateway that falls
behind cannot hide it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from time import perf_counter

from benchmarks import ward
from benchmarks.measuring import Place, Run, Watch, quantile_ms

LOOPBACK = "127.0.0.1"
CONNECTIONS = 50
OFFERED_PER_SECOND = 5_000
WARM = 500
ACCEPTED = b"MSA|AA|"
END = b"\x1c\r"


def gateway(size: int, place: Place) -> Iterator[Run]:
    """Messages acknowledged per second, and the acknowledgement's delay at a fixed offer."""
    frames = [b"\x0b" + message + END for message in _messages(size)]
    with _gateway(place.own / "lake") as port:
        # Once unmeasured: imports and first allocations are no part of a rate.
        yield asyncio.run(_run(port, frames[:WARM], None))
        while True:
            yield asyncio.run(_run(port, frames, OFFERED_PER_SECOND))


async def _run(port: int, frames: Sequence[bytes], offer: int | None) -> Run:
    watch = Watch()
    with watch:
        seconds, waits = await _load(port, frames, None)
        if offer is not None:
            _, waits = await _load(port, frames, offer)
    return watch.run(
        gateway_messages_per_second=len(frames) / seconds,
        gateway_ack_p50_ms=quantile_ms(waits, 0.5),
        gateway_ack_p99_ms=quantile_ms(waits, 0.99),
        gateway_ack_p999_ms=quantile_ms(waits, 0.999),
    )


def _messages(size: int) -> Iterator[bytes]:
    return ward.messages(size, ward.Ward(500, timedelta(milliseconds=1)))


@contextmanager
def _gateway(lake: Path) -> Iterator[int]:
    """A gateway on a port of its own."""
    words = [sys.executable, "-m", "pulsehouse", "gateway", "--lake", str(lake)]
    process = subprocess.Popen(  # noqa: S603 our own module, our own arguments
        [*words, "--mllp", f"{ward.FEED}=0"],
        env={**os.environ, "PULSEHOUSE_GATEWAY_ADMIN": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield _port(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _port(process: "subprocess.Popen[str]") -> int:
    for line in process.stderr or ():
        told = json.loads(line) if line.startswith("{") else {}
        if told.get("road") == "mllp":
            return int(told["port"])
    msg = "the gateway ended before it listened"
    raise RuntimeError(msg)


async def _load(port: int, frames: Sequence[bytes], pace: int | None) -> tuple[float, list[float]]:
    """Send all frames over all connections; the seconds it took, and each message's wait."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(_Sender, LOOPBACK, port) for _ in range(CONNECTIONS)]
    senders = [sender for _, sender in made]
    began = perf_counter()
    if pace is None:
        for number, sender in enumerate(senders):
            sender.begin(frames[number::CONNECTIONS])
    else:
        await _offer(senders, frames, pace)
    await asyncio.gather(
        *(sender.done(len(frames[n::CONNECTIONS])) for n, sender in enumerate(senders))
    )
    seconds = perf_counter() - began
    for sender in senders:
        sender.close()
    return seconds, [wait for sender in senders for wait in sender.waits]


async def _offer(senders: Sequence["_Sender"], frames: Sequence[bytes], pace: int) -> None:
    began = perf_counter()
    for number, (frame, sender) in enumerate(zip(frames, cycle(senders), strict=False)):
        due = began + number / pace
        while (ahead := due - perf_counter()) > 0:
            await asyncio.sleep(ahead)
        sender.send(frame, due)
        if number % CONNECTIONS == 0:
            # Answers are read meanwhile, also where there is no time to wait.
            await asyncio.sleep(0)


class _Sender(asyncio.Protocol):
    """One connection, which counts its acknowledgements."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._changed = asyncio.Event()
        self._due: deque[float] = deque()
        self._rest: Iterator[bytes] = iter(())
        self._carry = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def begin(self, frames: Sequence[bytes]) -> None:
        """Send each as soon as the one before it is answered."""
        self._rest = iter(frames)
        self._next()

    def _next(self) -> None:
        if (frame := next(self._rest, None)) is not None:
            self.send(frame, perf_counter())

    def send(self, frame: bytes, due: float) -> None:
        self._due.append(due)
        self._transport.write(frame)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        *answers, self._carry = (self._carry + data).split(END)
        for answer in answers:
            if ACCEPTED not in answer:
                msg = "a message was not accepted"
                raise RuntimeError(msg)
            self.waits.append(now - self._due.popleft())
            self._next()
        self._changed.set()

    async def done(self, count: int) -> None:
        """Wait for that many acknowledgements."""
        while len(self.waits) < count:
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        self._transport.close()
