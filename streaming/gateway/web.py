"""An HTTP port within the gateway's own loop.

Here: uvicorn, without its signals, its logs and its own idea of TLS. Not here: what is served
(fhir.py).
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from streaming.gateway.ports import Port

# What is being answered when the gateway is told to stop has so long.
DRAIN_SECONDS: Final = 4


class WebServer(uvicorn.Server):
    """A server that ends when `should_exit` is set, and at nothing else."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the gateway."""
        yield


def web_server(app: FastAPI, port: Port, tls: ssl.SSLContext | None) -> WebServer:
    """A server of an app; `serve(sockets=[port.socket])` runs it."""
    config = uvicorn.Config(
        app,
        # Paths hold identifiers of resources: no access log, and no log of uvicorn's at all.
        access_log=False,
        log_config=None,
        lifespan="off",
        limit_concurrency=port.profile.limits.connections,
        # Nobody stands before us whose word on a peer's address would be taken.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws="none",
    )
    config.load()
    config.ssl = tls
    return WebServer(config)
