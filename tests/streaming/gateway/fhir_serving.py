"""A FHIR port on a real socket, before a real journal.

Here: what the tests of the FHIR road share. Not here: what it must do (test_fhir*.py).
"""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn

from clinical.wire.profile import FeedProfile, Limits
from lakehouse.feeds import load_profile
from streaming.gateway.fhir import fhir_app
from streaming.gateway.intake import Intake
from streaming.gateway.tokens import Tokens, save
from streaming.gateway.tokens_verdict import WRITE, Token, digest_of, new_token
from streaming.inbox.journal import Journal
from streaming.inbox.journal_reading import JournalReader

FEED = "fhir_r4"
FHIR = {"content-type": "application/fhir+json"}
SOON = timedelta(minutes=10)


def token(name="ward", *, digest="0" * 64, feed=FEED, scopes=(WRITE,), lives=SOON) -> Token:
    return Token(name, digest, feed, frozenset(scopes), datetime.now(UTC) + lives)


def write_tokens(path: Path, *tokens: Token) -> None:
    os.umask(0o077)
    save(path, tokens)


def observation(number: int = 1, **fields: object) -> bytes:
    resource = {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2026-11-23T07:00:00Z",
        "valueQuantity": {"value": 80, "code": "/min", "system": "http://unitsofmeasure.org"},
    }
    return json.dumps(resource | fields).encode()


def stored(journal: Path, feed: str = FEED) -> list[bytes]:
    """The messages in a journal, in their order."""
    reader = JournalReader(journal)
    try:
        return reader.read(feed, 0, 1_000_000, 1 << 40).raw.to_pylist()
    finally:
        reader.close()


@dataclass(frozen=True)
class Port:
    """A port that is served, and what lies behind it."""

    number: int
    client: httpx.Client
    secret: str
    journal: Path
    tokens: Path

    def stored(self) -> list[bytes]:
        return stored(self.journal)

    def post(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        return self.client.post(path, content=content, headers=FHIR | headers)


def profile(**limits: float) -> FeedProfile:
    known = load_profile(FEED)
    return replace(known, limits=replace(Limits(), **limits))


@contextmanager
def served(
    place: Path, feed: FeedProfile | None = None, journal_bytes: int = 1 << 30
) -> Iterator[Port]:
    """Serve a feed until the block ends."""
    feed = feed or profile()
    secret = new_token()
    write_tokens(place / "tokens.toml", token(digest=digest_of(secret)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        server = _Server(place, feed, listener, journal_bytes)
        server.start()
        address = f"http://127.0.0.1:{number}"
        headers = {"authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            try:
                yield Port(number, client, secret, place / "journal", place / "tokens.toml")
            finally:
                server.stop()


class _Server(threading.Thread):
    """uvicorn in a loop of its own, as the gateway runs it."""

    def __init__(
        self, place: Path, feed: FeedProfile, listener: socket.socket, journal_bytes: int
    ) -> None:
        super().__init__(daemon=True)
        self._place, self._feed, self._listener = place, feed, listener
        self._journal = Journal(place / "journal", limit=journal_bytes, first={})
        self._web: uvicorn.Server | None = None
        self._is_ready = threading.Event()

    def start(self) -> None:
        super().start()
        assert self._is_ready.wait(60)

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        profiles = {self._feed.name: self._feed}
        intake = Intake(self._journal, profiles, asyncio.get_running_loop())
        app = fhir_app(self._feed.name, profiles, intake, Tokens(self._place / "tokens.toml"))
        self._web = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        self._is_ready.set()
        await self._web.serve(sockets=[self._listener])
        intake.close()

    def stop(self) -> None:
        self._web.should_exit = True
        self.join(60)
        self._journal.close()
