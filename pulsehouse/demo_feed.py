"""The demo's hospital: the bundled sample sent by MLLP, its clock squeezed onto this one.

Here: `python -m pulsehouse.demo_feed PORT SPEED BEGAN`, which `pulsehouse up --demo` keeps running.
Not here: the gateway that it sends to, or the replay of files (streaming/replay.py).

A moment of the sample becomes the moment at which it is sent: an hour takes a minute at 60x, and so
do the windows of scores. What lies before the evening of the story is sent at once. Started again,
it sends the same bytes, which the stream knows already.
"""

import gzip
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Final

# Two hours before the septic patient's alert.
STORY: Final = datetime(2026, 1, 7, 20, tzinfo=UTC)
FEED: Final = "mimic3"
HOST: Final = "127.0.0.1"
SPEED: Final = 60.0
_BEGIN, _END = b"\x0b", b"\x1c\r"
_FORM: Final = "%Y%m%d%H%M%S"
# A time of day, to the minute or second; a date alone, such as a birthday, stays as it is.
_TIME: Final = re.compile(rb"(?<=[|^~&])(20\d{6}[0-2]\d[0-5]\d(?:[0-5]\d)?)(?=[|^~&\r]|$)")
_TAKEN: Final = (b"|AA|", b"|CA|")
_PATIENCE: Final = 0.5


def messages() -> Iterator[tuple[datetime, bytes]]:
    """Every message of the sample with the time at which it was sent."""
    with gzip.open(files("pulsehouse.sample").joinpath("mimic3_sample.hl7.gz").open("rb")) as file:
        whole = file.read()
    for part in whole.split(b"\rMSH|")[1:]:
        message = b"MSH|" + part.partition(b"\rBTS|")[0] + b"\r"
        yield _read(message.split(b"|", 7)[6]), message


def squeezed(message: bytes, began: datetime, speed: float) -> bytes:
    """The message with its times as they fall on this clock: STORY is `began`."""

    def moved(found: re.Match[bytes]) -> bytes:
        return due(_read(found[1]), began, speed).strftime(_FORM).encode()

    return _TIME.sub(moved, message)


def due(at: datetime, began: datetime, speed: float) -> datetime:
    """When a moment of the sample comes on this clock."""
    return began + (at - STORY) / speed


def _read(text: bytes) -> datetime:
    return datetime.strptime(text.decode().ljust(14, "0"), _FORM).replace(tzinfo=UTC)


def send(port: int, speed: float, began: datetime) -> None:
    """Send all, each at its time and after the one before was acknowledged.

    Raises:
        OSError: The gateway is not there any more.
    """
    with _connected(port) as way:
        for at, message in messages():
            wait = due(at, began, speed) - datetime.now(UTC)
            time.sleep(max(0.0, wait / timedelta(seconds=1)))
            _exchange(way, squeezed(message, began, speed))


def _connected(port: int) -> socket.socket:
    while True:
        try:
            return socket.create_connection((HOST, port), timeout=60)
        except ConnectionRefusedError:
            # The gateway is starting.
            time.sleep(_PATIENCE)


def _exchange(way: socket.socket, message: bytes) -> None:
    """Send a message until it is taken."""
    while True:
        way.sendall(_BEGIN + message + _END)
        if any(code in _answer(way) for code in _TAKEN):
            return
        time.sleep(_PATIENCE)


def _answer(way: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(_END):
        if not (more := way.recv(4096)):
            msg = "the gateway closed the connection"
            raise ConnectionError(msg)
        answer += more
    return answer


def main(words: list[str]) -> None:
    """Send the sample, then stay until told to leave: what ends would be started again."""
    port, speed, began = (
        int(words[0]),
        float(words[1]),
        datetime.fromtimestamp(float(words[2]), UTC),
    )
    send(port, speed, began)
    signal.pause()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(sys.argv[1:])
