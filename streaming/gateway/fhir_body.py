"""The body of a FHIR request, read within limits.

Here: content types, gzip, and how much is held while it is read. Not here: what is done with it
(fhir.py).
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import lru_cache
from typing import Final

from starlette.requests import Request

from clinical.wire.profile import Limits
from streaming.gateway import outcome
from streaming.gateway.outcome import Outcome, RefusalError

_TYPES: Final = frozenset({"application/fhir+json", "application/json"})
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})
# RFC 1952, with its header.
_GZIP: Final = 16 + zlib.MAX_WBITS
# So much is unpacked before others have their turn.
_PIECE: Final = 1024 * 1024
# A gzip stream may have several members; so many empty ones only cost time.
_MEMBERS: Final = 1_000


@dataclass(slots=True)
class Room:
    """Bytes of bodies that one app may hold at one time, over all its requests."""

    free: int

    def take(self, size: int) -> None:
        """Take some, or refuse the request that wanted it."""
        if size > self.free:
            raise RefusalError(outcome.TOO_MUCH_AT_ONCE)
        self.free -= size


@dataclass(slots=True)
class _Held:
    """What one request holds."""

    limit: int
    room: Room
    size: int = 0
    pieces: list[bytes] = field(default_factory=list)

    def add(self, piece: bytes) -> None:
        if self.size + len(piece) > self.limit:
            raise RefusalError(outcome.TOO_LARGE)
        self.room.take(len(piece))
        self.size += len(piece)
        self.pieces.append(piece)


@asynccontextmanager
async def body_of(request: Request, limits: Limits, room: Room) -> AsyncIterator[bytes]:
    """The body, unpacked; its room is free again when the request is answered.

    Raises:
        RefusalError: Too large, too slow, of another type or encoding, or broken gzip.
    """
    held = _Held(limits.message_bytes, room)
    try:
        yield await _read(request, held, limits.idle_seconds)
    finally:
        room.free += held.size


async def _read(request: Request, held: "_Held", seconds: float) -> bytes:
    read = _unpack if _is_packed(request) else _take
    _check_length(request, held.limit)
    try:
        async with asyncio.timeout(seconds):
            await read(request, held)
    except TimeoutError:
        raise RefusalError(outcome.TOO_SLOW) from None
    body = b"".join(held.pieces)
    held.pieces.clear()
    return body


def check_type(request: Request) -> None:
    """Refuse what is not FHIR's JSON in UTF-8."""
    if not _is_json(request.headers.get("content-type", "")):
        raise RefusalError(outcome.NOT_JSON)


# Senders use a few forms of it, and each is taken apart once.
@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    header = Message()
    header["content-type"] = content_type
    charset = header.get_content_charset("utf-8")
    return header.get_content_type() in _TYPES and charset in _CHARSETS


def _is_packed(request: Request) -> bool:
    match request.headers.get("content-encoding", "identity").strip().lower():
        case "identity" | "":
            return False
        case "gzip" | "x-gzip":
            return True
        case _:
            raise RefusalError(outcome.OTHER_ENCODING)


def _check_length(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise RefusalError(outcome.TOO_LARGE)


async def _take(request: Request, held: _Held) -> None:
    async for chunk in request.stream():
        held.add(chunk)


async def _unpack(request: Request, held: _Held) -> None:
    stream, seen, members = zlib.decompressobj(_GZIP), 0, 1
    async for chunk in request.stream():
        seen += len(chunk)
        _within(seen, held.limit, outcome.TOO_LARGE)
        rest = chunk
        while rest:
            if stream.eof:
                stream, members = zlib.decompressobj(_GZIP), members + 1
                _within(members, _MEMBERS, outcome.BROKEN_GZIP)
            held.add(_inflated(stream, rest))
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
            await asyncio.sleep(0)
    if seen and not stream.eof:
        raise RefusalError(outcome.BROKEN_GZIP)


def _inflated(stream: "zlib._Decompress", packed: bytes) -> bytes:
    try:
        return stream.decompress(packed, _PIECE)
    except zlib.error:
        raise RefusalError(outcome.BROKEN_GZIP) from None


def _within(size: int, limit: int, refusal: Outcome) -> None:
    if size > limit:
        raise RefusalError(refusal)
