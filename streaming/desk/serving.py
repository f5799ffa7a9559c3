"""Serving the desk's pages until the process is told to stop.

Here: the port, the server, and its end. Not here: the pages (web/, pages/), or whether the port may
be plain (web/serving.py).
"""

import os
import socket
import ssl
from typing import Final

import uvicorn
from fastapi import FastAPI

from lakehouse.errors import LakehouseError
from lakehouse.settings import Settings
from streaming.gateway.web import WebServer
from streaming.live.stopping import Stopping

BACKLOG: Final = 512
CONNECTIONS: Final = 2_000
# Boards that are open keep their connection: they come again by themselves.
DRAIN_SECONDS: Final = 1


class DeskPortError(LakehouseError):
    """The desk's port cannot be opened."""


class _Server(WebServer):
    def __init__(self, config: uvicorn.Config, stopping: Stopping) -> None:
        super().__init__(config, CONNECTIONS)
        self._stopping = stopping

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; true where it is time to end."""
        return await super().on_tick(counter) or self._stopping()


def open_port(settings: Settings) -> socket.socket:
    """The desk's port, listening.

    Raises:
        DeskPortError: It is in use, not ours to open, or `desk_host` is none of this machine.
    """
    place = (settings.desk_host, settings.desk_port)
    try:
        family = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server(place, family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        msg = (
            f"cannot listen on {place[0]}:{place[1]}: {reason}; stop what uses it, or give other"
            " ones in the settings `desk_host` and `desk_port`"
        )
        raise DeskPortError(msg) from error


def serve_pages(
    app: FastAPI, tls: ssl.SSLContext | None, port: socket.socket, stopping: Stopping
) -> None:
    """Serve until told to stop."""
    config = uvicorn.Config(
        app,
        # Addresses hold identifiers: no access log, and no log of uvicorn's at all.
        access_log=False,
        log_config=None,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws="none",
    )
    config.load()
    config.ssl = tls
    _Server(config, stopping).run(sockets=[port])
