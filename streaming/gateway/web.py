"""An HTTP port within the gateway's own loop.

Here: uvicorn, without its signals, its logs and its own idea of TLS, and the end of connections on
which nobody asks for anything. Not here: what is served (fhir.py).

uvicorn waits for ever for the head of a first request. Whoever opens connections and says nothing,
or half a head, needs no token for it, and must not keep senders out.
"""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from streaming.gateway.ports import Port

# What is being answered when the gateway is told to stop has so long.
DRAIN_SECONDS: Final = 4
# The head of a request is to come within this.
HEAD_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Idle:
    """A connection without a request, since when, and the last request that it had."""

    since: float
    last: object


class WebServer(uvicorn.Server):
    """A server that ends when `should_exit` is set, and at nothing else."""

    def __init__(self, config: uvicorn.Config, connections: int) -> None:
        """Of a configuration; beyond so many connections those without a request make way."""
        super().__init__(config)
        self._connections = connections
        self._idle: dict[Any, _Idle] = {}

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; true where it is time to end."""
        self._sweep(time.monotonic())
        return await super().on_tick(counter)

    def _sweep(self, now: float) -> None:
        open_now: set[Any] = self.server_state.connections
        self._idle = {one: self._idle_since(one, now) for one in open_now if _is_idle(one)}
        surplus = len(open_now) - self._connections
        longest_first = sorted(self._idle.items(), key=lambda found: found[1].since)
        for place, (connection, idle) in enumerate(longest_first):
            # What was opened since the last look may have asked already, unread as yet.
            makes_way = place < surplus and idle.since < now
            if makes_way or now - idle.since > HEAD_SECONDS:
                connection.transport.abort()

    def _idle_since(self, connection: Any, now: float) -> _Idle:  # noqa: ANN401 uvicorn has no type
        known = self._idle.get(connection)
        if known is not None and known.last is connection.cycle:
            return known
        return _Idle(now, connection.cycle)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the gateway."""
        yield


def _is_idle(connection: Any) -> bool:  # noqa: ANN401 uvicorn has no type for all its protocols
    return connection.cycle is None or connection.cycle.response_complete


def web_server(app: FastAPI, port: Port, tls: ssl.SSLContext | None) -> WebServer:
    """A server of an app; `serve(sockets=[port.socket])` runs it."""
    config = uvicorn.Config(
        app,
        # Paths hold identifiers of resources: no access log, and no log of uvicorn's at all.
        access_log=False,
        log_config=None,
        lifespan="off",
        # Nobody stands before us whose word on a peer's address would be taken.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws="none",
    )
    config.load()
    config.ssl = tls
    return WebServer(config, port.profile.limits.connections)
