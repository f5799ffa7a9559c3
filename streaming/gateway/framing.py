"""MLLP framing, strictly: bytes in, frames out, no socket.

Here: where a frame begins and ends, and what breaks one. Not here: connections (mllp.py), or what
a message says (header.py).

A frame is VT, the message, FS CR. Between frames only CR and LF may stand, which some senders add.
Anything else tears the frame: other bytes before VT, a second VT within, FS without CR, and an end
within. After a torn frame nothing can be told of what follows: the framer gives nothing more.

Source: HL7 Transport Specification: MLLP, Release 1, section 3.1.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

START, END, CLOSE = b"\x0b", b"\x1c", b"\r"
# What is kept of a message that is too large: its header, by which the sender can be answered.
KEPT_BYTES: Final = 64 * 1024

_NOT_BETWEEN = re.compile(rb"[^\r\n]")

TornReason = Literal["no_start", "start_within", "no_close", "broke_off"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A message that ended as it should.

    `size` is its length in bytes; `content` all of it, or the first KEPT_BYTES where it is longer
    than the limit.
    """

    content: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Torn:
    """A frame that broke off: no message."""

    reason: TornReason


class State(Enum):
    """Where in the stream the next byte stands."""

    BETWEEN = auto()
    WITHIN = auto()
    CLOSING = auto()  # after FS
    BROKEN = auto()


class Framer:
    """Frames of one connection, fed in pieces of any size."""

    def __init__(self, limit: int) -> None:
        """Begin between frames.

        Args:
            limit: Most bytes of a message; of a longer one only the first KEPT_BYTES are kept.
        """
        self.state = State.BETWEEN
        self._limit = limit
        self._held = bytearray()
        self._size = 0
        self._found: list[Frame | Torn] = []

    @property
    def held(self) -> int:
        """How many bytes of a frame that has not ended are kept."""
        return len(self._held)

    @property
    def is_within(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self.state in (State.WITHIN, State.CLOSING)

    def feed(self, received: bytes) -> list[Frame | Torn]:
        """What ends in these bytes, in order; a torn frame is the last there is."""
        at = 0
        while at < len(received) and self.state is not State.BROKEN:
            at = _STEPS[self.state](self, received, at)
        found, self._found = self._found, []
        return found

    def close(self) -> Torn | None:
        """The stream has ended: what is torn by it."""
        if not self.is_within:
            return None
        self._tear("broke_off")
        return Torn("broke_off")

    def _between(self, received: bytes, at: int) -> int:
        found = _NOT_BETWEEN.search(received, at)
        if found is None:
            return len(received)
        if found[0] != START:
            return self._tear("no_start")
        self.state = State.WITHIN
        return found.end()

    def _within(self, received: bytes, at: int) -> int:
        end = received.find(END, at)
        stop = len(received) if end < 0 else end
        if received.find(START, at, stop) >= 0:
            return self._tear("start_within")
        self._hold(received, at, stop)
        if end < 0:
            return stop
        self.state = State.CLOSING
        return end + 1

    def _hold(self, received: bytes, at: int, stop: int) -> None:
        self._size += stop - at
        if self._size <= self._limit:
            self._held += received[at:stop]
            return
        self._held += received[at : min(stop, at + max(0, KEPT_BYTES - len(self._held)))]
        del self._held[KEPT_BYTES:]

    def _closing(self, received: bytes, at: int) -> int:
        if received[at] != CLOSE[0]:
            return self._tear("no_close")
        self._found.append(Frame(bytes(self._held), self._size))
        self._begin_anew(State.BETWEEN)
        return at + 1

    def _tear(self, reason: TornReason) -> int:
        self._found.append(Torn(reason))
        self._begin_anew(State.BROKEN)
        return 0

    def _begin_anew(self, state: State) -> None:
        self.state = state
        self._held = bytearray()
        self._size = 0


# One step eats what one state can tell of, and says where the rest begins.
_STEPS: Mapping[State, Callable[[Framer, bytes, int], int]] = {
    State.BETWEEN: Framer._between,  # noqa: SLF001 the table is the machine
    State.WITHIN: Framer._within,  # noqa: SLF001
    State.CLOSING: Framer._closing,  # noqa: SLF001
}


def framed(message: bytes) -> bytes:
    """A message as it goes onto the wire."""
    return START + message + END + CLOSE
