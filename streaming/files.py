"""A file as a source: its messages with offsets, from wherever the lake has not been yet.

Here: opening (plain or gzip), splitting, clocks, pacing. Not here: which offsets a file has
(lakehouse/replays.py), or what a message says.
"""

import gzip
import hashlib
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from clinical import wire
from clinical.wire import fhir, hl7
from clinical.wire.frames import Frames, Splitter
from clinical.wire.profile import FeedProfile, Format
from streaming.batches import Messages, rejecting_last
from streaming.pace import Pace
from streaming.wide import LOOK, remedy, wide_charset

CHUNK = 4 * 1024 * 1024
FORMAT_NAMES: dict[Format, str] = {"hl7v2": "HL7 v2", "fhir": "FHIR JSON"}
GZIP_MAGIC = b"\x1f\x8b"
# A clock for messages before the first one that has any.
_EPOCH = pa.scalar(0, pa.timestamp("us", tz="UTC"))


class SourceError(Exception):
    """A file that cannot be a source; the message says what, why and how to mend it."""


SPLITTERS: dict[Format, Callable[[], Splitter]] = {"hl7v2": hl7.Splitter, "fhir": fhir.Splitter}


@dataclass(slots=True)
class Reading:
    """How far a file has been read, for a progress bar; `broken` says why it ended early.

    A gzip stream that unpacks to more than `most` bytes is refused.
    """

    size: int
    read: int = 0
    unpacked: int = 0
    most: int = sys.maxsize
    messages: int = 0
    clock: pa.Scalar | None = None
    broken: str | None = None
    saw_any: bool = False
    begin: bytes = b""
    tick: Callable[["Reading"], None] = lambda _: None


def pieces(path: Path, form: Format, reading: Reading) -> Iterator[Frames]:
    """Split a file, chunk by chunk; memory does not grow with its size.

    A gzip stream that breaks off gives what came before the break; `reading.broken` says so.

    Raises:
        SourceError: The file cannot be read.
    """
    yield from split(SPLITTERS[form](), _chunks(path, reading), reading)


def split(splitter: Splitter, chunks: Iterable[bytes], reading: Reading) -> Iterator[Frames]:
    """Split what a file holds, chunk by chunk."""
    for chunk in chunks:
        yield from _filled(splitter.feed(chunk))
    yield from _filled(splitter.close(truncated=reading.broken is not None))
    reading.saw_any = splitter.saw_any


def _filled(frames: Frames) -> Iterator[Frames]:
    if len(frames.messages):
        yield frames


def _chunks(path: Path, reading: Reading) -> Iterator[bytes]:
    try:
        with path.open("rb") as raw:
            yield from chunks_of(raw, reading)
    except OSError as error:
        msg = f"cannot read the file {path.name}: {error.strerror}; check its permissions"
        raise SourceError(msg) from error


def chunks_of(raw: BinaryIO, reading: Reading) -> Iterator[bytes]:
    """What an open file holds, from its beginning, unpacked where it is gzip.

    Raises:
        SourceError: It unpacks to more than it may.
        OSError: It cannot be read.
    """
    raw.seek(0)
    packed = raw.read(2) == GZIP_MAGIC
    raw.seek(0)
    for chunk in _unpacked(raw, reading) if packed else iter(lambda: raw.read(CHUNK), b""):
        reading.read = raw.tell()
        reading.begin = reading.begin or chunk[:LOOK]
        yield chunk


def _unpacked(raw: BinaryIO, reading: Reading) -> Iterator[bytes]:
    """A gzip stream in chunks, up to where it ends or breaks off."""
    stream, held, size = gzip.GzipFile(fileobj=raw), [], 0
    try:
        # `read` would drop what it unpacked before a break; `read1` hands it out piece by piece.
        while piece := stream.read1(CHUNK):
            _weigh(piece, reading)
            held.append(piece)
            size += len(piece)
            if size >= CHUNK:
                yield b"".join(held)
                held, size = [], 0
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        reading.broken = f"the gzip stream breaks off ({type(error).__name__})"
    if held:
        yield b"".join(held)


def _weigh(piece: bytes, reading: Reading) -> None:
    reading.unpacked += len(piece)
    if reading.unpacked > reading.most:
        msg = f"the gzip stream unpacks to more than {reading.most:,} bytes; unpack it yourself"
        raise SourceError(msg)


@dataclass(frozen=True, slots=True)
class Survey:
    """A file before it is replayed: its identity and how many messages it holds."""

    fingerprint: str
    messages: int
    size: int
    broken: str | None


def survey(path: Path, form: Format, tick: Callable[["Reading"], None] = lambda _: None) -> Survey:
    """Read a file once for its identity and count.

    Raises:
        SourceError: It cannot be read, is empty, or holds no message at all.
    """
    reading = Reading(_size(path), tick=tick)
    count = counted(path.name, pieces(path, form, reading), form, reading)
    return Survey(_fingerprint(path), count, reading.size, reading.broken)


def counted(name: str, frames: Iterable[Frames], form: Format, reading: Reading) -> int:
    """How many messages a file holds.

    Raises:
        SourceError: It is empty, or holds no message at all.
    """
    if not reading.size:
        msg = f"the file {name} is empty: nothing to replay"
        raise SourceError(msg)
    count = 0
    for piece in frames:
        count += len(piece.messages)
        reading.tick(reading)
    if not count or not reading.saw_any:
        why = reading.broken or _why_none(form, reading.begin)
        msg = f"the file {name} holds nothing to replay: {why}"
        raise SourceError(msg)
    return count


def _why_none(form: Format, begin: bytes) -> str:
    if charset := wide_charset(begin):
        return remedy(charset)
    return f"no message begins in it, so it is not {FORMAT_NAMES[form]}"


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            msg = f"{path.name} is a directory; name the files in it"
            raise SourceError(msg)
        return path.stat().st_size
    except OSError as error:
        msg = f"cannot read the file {path.name}: {error.strerror}; check the path"
        raise SourceError(msg) from error


def _fingerprint(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(slots=True)
class FileSource(FixedPartitionedSource[Messages, None]):
    """One file of one feed as a Bytewax source. Exactly-once: its messages have fixed offsets.

    Args:
        path: The file.
        profile: The feed.
        partition: The feed's partition that the file belongs to.
        first_offset: The offset of the file's first message.
        start: The first offset that is not in the lake yet.
        clock: received_at of the last message in the lake, for messages that have no clock.
        batch: Most messages in one batch.
        pace: When each message is due.
    """

    path: Path
    profile: FeedProfile
    partition: int
    first_offset: int
    start: int
    batch: int
    clock: pa.Scalar = _EPOCH
    pace: Pace = field(default_factory=Pace)
    reading: Reading = field(default_factory=lambda: Reading(0))

    def list_parts(self) -> list[str]:
        """One part: the feed's partition."""
        return [f"{self.profile.name}/{self.partition}"]

    def build_part(self, _step_id: str, _part: str, _resume: None) -> "_FilePart":
        """The part; position comes from the lake, never from a recovery store."""
        return _FilePart(self)


class _FilePart(StatefulSourcePartition[Messages, None]):
    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._batches = _batches(source)
        self._waiting: Messages | None = None

    def next_batch(self) -> list[Messages]:
        batch = self._waiting or next(self._batches, None)
        if batch is None:
            raise StopIteration
        ready, self._waiting = self._source.pace.split(batch)
        if ready is None:
            return []
        _note(self._source.reading, ready)
        return [ready]

    def next_awake(self) -> datetime | None:
        return None if self._waiting is None else self._source.pace.next_due(self._waiting)

    def snapshot(self) -> None:
        return None


def _batches(source: FileSource) -> Iterator[Messages]:
    offset, clock = source.first_offset, source.clock
    for frames in pieces(source.path, source.profile.format, source.reading):
        found = len(frames.messages)
        skipped = min(max(source.start - offset, 0), found)
        offset += skipped
        for place in range(skipped, found, source.batch):
            raw = frames.messages.slice(place, source.batch)
            received_at = _clocks(raw, source.profile, clock)
            torn = "truncated" if place + len(raw) == found and frames.truncated_last else None
            rejects = rejecting_last(len(raw), torn)
            yield Messages(source.profile.name, source.partition, offset, received_at, raw, rejects)
            offset, clock = offset + len(raw), received_at[-1]


def _note(reading: Reading, released: Messages) -> None:
    reading.messages += len(released.raw)
    reading.clock = released.received_at[-1]
    reading.tick(reading)


def _clocks(raw: pa.Array, profile: FeedProfile, before: pa.Scalar) -> pa.Array:
    """When each message was sent; without a clock of its own, when the one before was."""
    known = wire.sent_at(raw, profile)
    return pc.fill_null_forward(pa.concat_arrays([pa.array([before.as_py()], known.type), known]))[
        1:
    ]
