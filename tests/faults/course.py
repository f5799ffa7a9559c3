"""The course of one scenario: start, trouble, recovery, rest; and what was seen on the way.

Here: everything that all scenarios share. Not here: the trouble itself (scenarios), or judging
(checks.py).
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.corpus import Message
from tests.faults.house import House
from tests.faults.reading import Reader
from tests.faults.sending import Sender


@dataclass(frozen=True)
class Control:
    """The same messages where nothing went wrong: what every run is held against."""

    alerts: Counter[tuple[object, ...]]
    facts: Mapping[str, tuple[object, ...]]
    dispositions: Counter[tuple[str, str]]


@dataclass
class Course:
    """One run of a scenario."""

    house: House
    messages: Sequence[Message]
    promised: set[str] = field(default_factory=set)
    seen: dict[str, object] = field(default_factory=dict)
    control: Control | None = None
    alerts_are_controls: bool = True
    # Dispositions beyond the control's; and how many duplicates, where it is known.
    beyond: Counter[tuple[str, str]] = field(default_factory=Counter)
    duplicates: int | None = None
    faults: int = 0
    exits: list[tuple[str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    connections: int = 4
    rate: float = 0.0
    sender: Sender | None = None
    reader: Reader | None = None

    def begin(
        self, gateway: str | None = None, stream: str | None = None, *, read: bool = True
    ) -> None:
        """Start gateway, stream, reader and sender; failpoints for the first two."""
        self.house.both(gateway, stream)
        self.watch(read=read)

    def watch(self, messages: Sequence[Message] | None = None, *, read: bool = True) -> None:
        """Start the reader, and the sender of these messages; of all where None."""
        self.reader = Reader(self.house.lake) if read else None
        self.sender = self.send(self.messages if messages is None else messages)

    def send(self, messages: Sequence[Message]) -> Sender:
        """Start a sender."""
        return Sender(
            self.house.port, messages, connections=self.connections, rate=self.rate
        ).start()

    def rest(self) -> None:
        """Wait until everything is answered and in the tables, and end all as an operator does."""
        with keeping(self.house, self):
            self.sender.join()
            self.promised |= self.sender.log.safe()
            self.house.settle()
        self.look_back()

    def look_back(self) -> None:
        """End the reader and the parts."""
        self.stop_reading()
        for name in list(self.house.running):
            code = self.house.kill(name, signal.SIGTERM)
            self.exits.append((name, code))
            assert code == 0, f"the {name} left with {code}: {self.house.said(name)[-600:]}"

    def stop_reading(self) -> None:
        """End the reader; what it saw is kept."""
        if self.reader is not None:
            self.seen, self.reader = self.reader.stop(), None

    def close(self) -> None:
        """End everything, however the scenario went."""
        if self.sender is not None:
            self.sender.lose_power()
        if self.reader is not None:
            self.reader.kill()
        self.house.close()

    def fault(self, note: str) -> None:
        """Note one fault."""
        self.faults += 1
        self.notes.append(note)


class keeping:  # noqa: N801 reads as a word: with keeping(house)
    """Start again whatever ends, as a supervisor does, while the block runs."""

    def __init__(self, house: House, course: Course) -> None:
        self._house, self._course = house, course
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(120)

    def _keep(self) -> None:
        starts: dict[str, Callable[[], None]] = {
            "gateway": self._house.gateway,
            "stream": self._house.stream,
        }
        while not self._done.wait(0.1):
            for name in [name for name in starts if name in self._house.running]:
                if not self._house.is_alive(name):
                    self._course.exits.append((name, self._house.ended(name)))
                    starts[name]()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until something is so."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            msg = f"waited in vain: {what}"
            raise TimeoutError(msg)
        time.sleep(0.05)


def place(root: Path, name: str) -> Path:
    """A scenario's own directory."""
    return root / "".join(letter if letter.isalnum() else "-" for letter in name)
