"""A listener with a real journal behind it, and the senders that talk to it.

Here: building and talking. Not here: what must come of it (test_mllp.py, test_tls.py).
"""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from clinical.wire.profile import FeedProfile, Limits
from streaming.gateway.acknowledgement import control_ids
from streaming.gateway.framing import framed
from streaming.gateway.intake import Intake
from streaming.gateway.listeners import Listener
from streaming.gateway.mllp import Road
from streaming.gateway.occasional import Occasional
from streaming.gateway.room import Room
from streaming.inbox.journal import Journal
from streaming.inbox.journal_reading import JournalReader

FEED = "north_ward"
ROOMY = 1024**3
PATIENCE = 120
ANSWER = re.compile(rb"MSA\|(\w\w)\|([^|\r]*)")


@dataclass(frozen=True)
class Place:
    """Where a listener listens, and where it stores."""

    port: int
    directory: Path

    def stored(self) -> list[tuple[bytes, str | None]]:
        """Every stored message with the road's refusal."""
        reader = JournalReader(self.directory)
        found = reader.read(FEED, 0, 100_000, ROOMY)
        reader.close()
        return list(zip(found.raw.to_pylist(), found.rejects.to_pylist(), strict=True))


@asynccontextmanager
async def listening(
    folder: Path,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    journal_bytes: int = ROOMY,
) -> AsyncIterator[Place]:
    profile = FeedProfile(FEED, limits=limits or Limits())
    journal = Journal(folder / "journal", limit=journal_bytes, first={})
    intake = Intake(journal, {FEED: profile}, asyncio.get_running_loop())
    with socket.create_server(("127.0.0.1", 0)) as opened:
        opened.setblocking(False)
        road = Road(FEED, {FEED: profile}, intake, Room(), control_ids(), Occasional(FEED))
        listener = Listener(road, opened, tls)
        try:
            yield Place(opened.getsockname()[1], folder / "journal")
        finally:
            listener.stop()
            await asyncio.wait_for(listener.drained(), PATIENCE)
            await listener.close()
            intake.close()
            journal.close()


def message(control_id: str, body: str = "OBX|1|NM|8867-4^^LN||80|/min|||||F") -> bytes:
    """A message that is understood."""
    head = f"MSH|^~\\&|LAB|NORTH|PULSEHOUSE|LAKE|20260105123000||ORU^R01|{control_id}|P|2.5.1"
    return f"{head}\rPID|1||77^^^NORTH^MR\r{body}\r".encode()


class Sender:
    """One connection of a sender."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, place: Place, tls: ssl.SSLContext | None = None) -> "Sender":
        name = "localhost" if tls else None
        return cls(
            *await asyncio.open_connection("127.0.0.1", place.port, ssl=tls, server_hostname=name)
        )

    async def send(self, *messages: bytes) -> None:
        await self.write(b"".join(framed(one) for one in messages))

    async def write(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self) -> tuple[str, str]:
        """The code and the control id of the next answer."""
        frame = await asyncio.wait_for(self.reader.readuntil(b"\x1c\r"), PATIENCE)
        assert frame.startswith(b"\x0bMSH")
        (found,) = ANSWER.findall(frame)
        return found[0].decode(), found[1].decode()

    async def answers(self, count: int) -> list[tuple[str, str]]:
        return [await self.answer() for _ in range(count)]

    async def rest(self) -> bytes:
        """Whatever comes until the gateway closes."""
        try:
            return await asyncio.wait_for(self.reader.read(), PATIENCE)
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self.writer.close()
