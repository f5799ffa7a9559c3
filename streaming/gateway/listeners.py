"""Ports on which MLLP senders connect.

Here: who is let in and who has to make way, TLS handshakes, and closing. Not here: opening a port
(ports.py), what a connection does (mllp.py), or certificates (tls.py).

Connections are counted from the moment they are accepted, so that peers who never finish their
handshake, or never say anything, cannot keep senders out: where all seats are taken, whoever has
sat there longest without one message makes way.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from streaming.gateway.mllp import Connection, Road
from streaming.metrics import CONNECTIONS

HANDSHAKE_SECONDS: Final = 10.0
TLS_CLOSE_SECONDS: Final = 2.0
# A newcomer has so long to say something before another newcomer may take its place.
GRACE_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 1.0
# Where the process has no more files to open, it tries again after this.
EXHAUSTED_SECONDS: Final = 0.1
# A peer that vanished is noticed after about two minutes.
_KEEPALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)
# Why handshakes fail, in our words; what OpenSSL says else may quote a peer.
_HANDSHAKES: Final[Mapping[str, str]] = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no_client_certificate",
    "CERTIFICATE_VERIFY_FAILED": "unknown_client_certificate",
    "UNSUPPORTED_PROTOCOL": "tls_version",
    "NO_SHARED_CIPHER": "no_shared_cipher",
    "WRONG_VERSION_NUMBER": "not_tls",
    "HTTP_REQUEST": "not_tls",
}


class Listener:
    """The port of one feed."""

    def __init__(self, road: Road, opened: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Begin to accept; within a running loop.

        Args:
            road: What its connections share.
            opened: As ports.py opens it.
            tls: None for plain text.
        """
        self._road, self._socket, self._tls = road, opened, tls
        self._loop = asyncio.get_running_loop()
        self._seats: set[Connection] = set()
        self._greetings: dict[Connection, asyncio.Task[None]] = {}
        self._gauge = CONNECTIONS.labels(road.feed)
        self._accepting = self._loop.create_task(self._accept())
        self._sweeping = self._loop.create_task(self._sweep())

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """What must go on for as long as the port is open."""
        return self._accepting, self._sweeping

    async def _accept(self) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(self._socket)
            except OSError:
                self._road.occasional.warn("connection_refused", "too many open files")
                await asyncio.sleep(EXHAUSTED_SECONDS)
                continue
            self._seat(accepted)

    def _seat(self, accepted: socket.socket) -> None:
        limit = self._road.profile.limits.connections
        if len(self._seats) >= limit and not self._make_way():
            self._road.occasional.warn("connection_refused", "as many as the feed may have")
            accepted.close()
            return
        connection = Connection(self._road, self._loop, self._unseat)
        self._seats.add(connection)
        self._gauge.set(len(self._seats))
        self._greetings[connection] = self._loop.create_task(self._greet(connection, accepted))

    async def _greet(self, connection: Connection, accepted: socket.socket) -> None:
        seconds = (HANDSHAKE_SECONDS, TLS_CLOSE_SECONDS) if self._tls else (None, None)
        try:
            for option in _KEEPALIVE:
                accepted.setsockopt(*option)
            await self._loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=seconds[0],
                ssl_shutdown_timeout=seconds[1],
            )
        except OSError as error:
            # A peer that hangs up before it has said a word is no event.
            if self._tls is not None:
                self._road.occasional.warn("tls_refused", _why(error))
            self._unseat(connection)
        finally:
            self._greetings.pop(connection, None)

    def _make_way(self) -> bool:
        """Have the longest silent newcomer leave; False where there is none."""
        before = self._loop.time() - GRACE_SECONDS
        mute = [one for one in self._seats if not one.has_spoken and one.seated_at <= before]
        if not mute:
            return False
        oldest = min(mute, key=lambda one: one.seated_at)
        self._road.occasional.warn("connection_displaced", "it has not sent a message")
        self._dismiss(oldest)
        return True

    def _dismiss(self, connection: Connection) -> None:
        if greeting := self._greetings.pop(connection, None):
            greeting.cancel()
        connection.abort()
        self._unseat(connection)

    def _unseat(self, connection: Connection) -> None:
        self._seats.discard(connection)
        self._gauge.set(len(self._seats))

    async def _sweep(self) -> None:
        pause = min(SWEEP_SECONDS, self._road.profile.limits.idle_seconds / 4)
        while True:
            await asyncio.sleep(pause)
            now = self._loop.time()
            for connection in [one for one in self._seats if one.is_overdue(now)]:
                connection.expire()

    def stop(self) -> None:
        """Accept nobody, read nothing more; what was read is answered."""
        self._accepting.cancel()
        self._socket.close()
        for connection in list(self._greetings):
            self._dismiss(connection)
        for connection in list(self._seats):
            connection.leave()

    async def drained(self) -> None:
        """Wait until everybody has left."""
        while self._seats:
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Close whatever is still open."""
        for connection in list(self._seats):
            connection.abort()
        self._sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await self._sweeping


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return _HANDSHAKES.get(error.reason or "", "handshake_failed")
    return "handshake_broke_off"
