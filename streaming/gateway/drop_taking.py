"""Taking one file into the inbox: each file once by its bytes, resumed where it stopped.

Here: reading an open file more than once, to see what it is before anything is stored, and then to
store it in parts, each of which is one commit together with its mark. Not here: where files come
from (drop.py, bulk.py), or how they are split (streaming/files.py).
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from clinical.wire import fhir, hl7
from clinical.wire.frames import Frames, Splitter
from clinical.wire.hl7.frames import CARRY_BYTES
from clinical.wire.profile import FeedProfile
from lakehouse.errors import LakehouseError
from streaming.files import CHUNK, GZIP_MAGIC, Reading, chunks_of, counted, split
from streaming.gateway.intake import judged_group
from streaming.gateway.refusals import TOO_LARGE
from streaming.inbox.arrival import Arrival, FilePart, Inbox, InboxDownError, InboxFullError, Road
from streaming.metrics import RECEIVED

PART_MESSAGES: Final = 1_000
PART_BYTES: Final = 8 * 1024**2
# What is kept of a message that is larger than its feed may send: the file itself has the rest.
KEPT_BYTES: Final = 64 * 1024
# A gzip stream may unpack to so many times its size, or to so much where that is more: feeds are at
# 8 to 15 times, a bomb is at 1,000. In no case to more than the last.
RATIO: Final = 200
ALWAYS_BYTES: Final = 128 * 1024**2
NEVER_BYTES: Final = 64 * 1024**3
TRUNCATED: Final = "truncated"

# Says that the inbox takes nothing now; returns when it is worth trying again, or raises.
Patience = Callable[[LakehouseError], None]
# Told how many messages of a file are stored, and of how many.
Told = Callable[[int, int], None]
_Message = tuple[bytes, str | None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: `messages` are in it, `added` were put now."""

    sha256: str
    messages: int
    added: int = 0
    quarantined: int = 0
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Taking:
    """How files of one feed are taken; `still_wanted` is called often, and raises to stop."""

    profile: FeedProfile
    inbox: Inbox
    road: Road
    patience: Patience
    still_wanted: Callable[[], None] = lambda: None

    def take(self, file: BinaryIO, name: str, told: Told = lambda *_: None) -> Taken:
        """Store the messages of an open file that are not stored yet.

        Raises:
            SourceError: It is empty, holds no message, or unpacks too far; nothing was stored.
            InboxFailedError: As `Inbox.put`.
        """
        before = _state(file)
        sha256 = self._digest(file)
        stored = self.inbox.file_progress(self.profile.name, sha256)
        if stored is not None and stored.whole:
            return Taken(sha256, stored.upto)
        self._weigh(file)
        reading = _reading(file)
        reading.tick = lambda _: self.still_wanted()
        messages = counted(name, self._frames(file, reading), self.profile.format, reading)
        begin = stored.upto if stored else 0
        quarantined = 0
        upto = begin
        for part in _parts(self._frames(file, _reading(file)), begin, self.profile):
            self.still_wanted()
            upto += len(part)
            whole = upto == messages and _state(file) == before
            quarantined += self._put(part, FilePart(self.profile.name, sha256, upto, whole))
            told(upto, messages)
        return Taken(sha256, messages, upto - begin, quarantined, reading.broken)

    def _digest(self, file: BinaryIO) -> str:
        found = hashlib.sha256()
        file.seek(0)
        while chunk := file.read(CHUNK):
            self.still_wanted()
            found.update(chunk)
        return found.hexdigest()

    def _weigh(self, file: BinaryIO) -> None:
        """Unpack a gzip file for nothing: no splitter, which holds more, ever meets a bomb."""
        file.seek(0)
        if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
            for _ in chunks_of(file, _reading(file)):
                self.still_wanted()

    def _frames(self, file: BinaryIO, reading: Reading) -> Iterator[Frames]:
        return split(_splitter(self.profile), chunks_of(file, reading), reading)

    def _put(self, part: list[_Message], mark: FilePart) -> int:
        now = time.time_ns() // 1_000
        arrivals = [Arrival(mark.feed, raw, now, self.road, refused) for raw, refused in part]
        judged = judged_group(arrivals, {mark.feed: self.profile})
        self._put_patiently([arrival for arrival, _ in judged], mark)
        RECEIVED.labels(mark.feed, self.road).inc(len(part))
        return sum(reason is not None for _, reason in judged)

    def _put_patiently(self, arrivals: list[Arrival], mark: FilePart) -> None:
        while True:
            try:
                self.inbox.put(arrivals, mark)
            except (InboxFullError, InboxDownError) as error:
                self.patience(error)
            else:
                return


def _splitter(profile: FeedProfile) -> Splitter:
    if profile.format == "fhir":
        return fhir.Splitter(profile.limits.message_bytes)
    return hl7.Splitter(min(CARRY_BYTES, 2 * profile.limits.message_bytes))


def _state(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _reading(file: BinaryIO) -> Reading:
    size, _ = _state(file)
    return Reading(size, most=min(max(ALWAYS_BYTES, RATIO * size), NEVER_BYTES))


def _parts(frames: Iterable[Frames], begin: int, profile: FeedProfile) -> Iterator[list[_Message]]:
    """What lies beyond the first `begin` messages, as much at a time as is one commit."""
    part: list[_Message] = []
    size = 0
    for message in _messages(frames, begin, profile.limits.message_bytes):
        part.append(message)
        size += len(message[0])
        if len(part) >= PART_MESSAGES or size >= PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _messages(frames: Iterable[Frames], begin: int, limit: int) -> Iterator[_Message]:
    skip = begin
    for piece in frames:
        found = len(piece.messages)
        for place in range(min(skip, found), found, PART_MESSAGES):
            some = piece.messages.slice(place, PART_MESSAGES).to_pylist()
            torn = piece.truncated_last and place + len(some) == found
            for number, raw in enumerate(some, 1):
                yield _message(raw, limit, torn=torn and number == len(some))
        skip = max(skip - found, 0)


def _message(raw: bytes, limit: int, *, torn: bool) -> _Message:
    if len(raw) > limit:
        return raw[:KEPT_BYTES], TOO_LARGE
    return raw, TRUNCATED if torn else None
