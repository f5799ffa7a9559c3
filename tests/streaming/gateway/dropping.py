"""A drop folder before a real journal.

Here: what the tests of files share. Not here: what must become of a file (test_drop*.py).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clinical.wire.profile import FeedProfile, Limits
from streaming.gateway.drop import watch
from streaming.gateway.drop_files import DONE, REFUSED
from streaming.inbox.journal import Journal
from streaming.inbox.journal_reading import JournalReader

FEED = "ward"
HL7 = FeedProfile(FEED, limits=Limits(message_bytes=200_000))
FHIR = FeedProfile(FEED, format="fhir", limits=Limits(message_bytes=200_000))
ANY = 1 << 30
LOOK_SECONDS = 0.02
LONG_SECONDS = 60.0


def message(number: int) -> bytes:
    head = f"MSH|^~\\&|APP|WARD|||20261123070000||ADT^A01|{number}|P|2.5"
    return f"{head}\rPID|1||{number}^^^WARD\r".encode()


def messages(count: int, first: int = 0) -> list[bytes]:
    return [message(number) for number in range(first, first + count)]


def kept(raw: bytes) -> bytes:
    """A message as it lies in the inbox: without the line end that ends it."""
    return raw.rstrip(b"\r\n")


@dataclass(frozen=True)
class Drop:
    """The folders, and the journal behind them."""

    place: Path
    journal: Journal
    profile: FeedProfile = HL7

    @property
    def feed(self) -> Path:
        return self.place / "drop" / FEED

    def put(self, name: str, content: bytes) -> Path:
        """A file as a good sender brings it: renamed into place."""
        self.feed.mkdir(parents=True, exist_ok=True)
        draft = self.feed / ".draft"
        draft.write_bytes(content)
        return draft.rename(self.feed / name)

    def names(self, folder: str) -> list[str]:
        place = self.feed / folder
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def done(self) -> list[str]:
        return self.names(DONE)

    def refused(self) -> list[str]:
        return self.names(REFUSED)

    def is_idle(self) -> bool:
        """Whether no file waits any more."""
        return {path.name for path in self.feed.iterdir()} <= {DONE, REFUSED}

    def watch(self, until: Callable[[], bool] | None = None) -> None:
        """Watch until a condition holds."""
        asyncio.run(self._watch(until or self.is_idle))

    async def _watch(self, until: Callable[[], bool]) -> None:
        stop = asyncio.Event()
        folder, profiles = self.place / "drop", {FEED: self.profile}
        work = watch(folder, profiles, self.journal, stop, look_seconds=LOOK_SECONDS)
        task = asyncio.create_task(work)
        try:
            async with asyncio.timeout(LONG_SECONDS):
                while not task.done() and not until():
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            stop.set()
            await task

    def stored(self) -> list[bytes]:
        return self._column("raw")

    def rejects(self) -> list[str | None]:
        return self._column("rejects")

    def _column(self, name: str) -> list:
        reader = JournalReader(self.place / "journal")
        try:
            return getattr(reader.read(FEED, 0, ANY, ANY), name).to_pylist()
        finally:
            reader.close()


@contextmanager
def dropping(place: Path, profile: FeedProfile = HL7, **journal: object) -> Iterator[Drop]:
    opened = Journal(place / "journal", **({"limit": ANY, "first": {}} | journal))
    drop = Drop(place, opened, profile)
    drop.feed.mkdir(parents=True, exist_ok=True)
    try:
        yield drop
    finally:
        opened.close()
