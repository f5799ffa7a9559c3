"""Running the gateway: from the settings of a deployment to a process that ends when told to.

Here: what is put together, in which order it starts, and in which it stops. Not here: the parts.

Ports are opened first, so that what cannot be is said before anything is written. At the end
nobody new is let in, what was read is stored and answered, and only then is the inbox closed.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from lakehouse.feed_versions import FeedVersions
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from streaming.admin import AdminServer
from streaming.allocation import leave_alone_what_lasts
from streaming.gateway.acknowledgement import control_ids
from streaming.gateway.chores import Caretaker, chores
from streaming.gateway.drop import watch
from streaming.gateway.fhir import fhir_app
from streaming.gateway.intake import Intake
from streaming.gateway.listeners import Listener
from streaming.gateway.mllp import Road
from streaming.gateway.occasional import Occasional
from streaming.gateway.ports import Port, open_ports
from streaming.gateway.readiness import Readiness
from streaming.gateway.room import Room
from streaming.gateway.tls import http_context, mllp_context
from streaming.gateway.tokens import Tokens, tokens_path
from streaming.gateway.web import WebServer, web_server
from streaming.inbox.arrival import Inbox
from streaming.inbox.opening import open_inbox
from streaming.logs import log

DRAIN_SECONDS: Final = 5.0
# A thread that waits for a disk gets so long at the end; what it stores, nobody was promised.
CLOSE_SECONDS: Final = 2.0

Background = Coroutine[Any, Any, None]


def serve(settings: Settings, lake: Lake) -> int:
    """Take messages in until a signal says to stop.

    Raises:
        InboxFailedError: The disk under the inbox failed.
        LakehouseError: A port, a certificate, a profile or the inbox cannot be used.
    """
    # Libraries log in words of their own, which may be a peer's.
    logging.getLogger().addHandler(logging.NullHandler())
    # Found out before anything is opened or written.
    mllp_context(settings)
    with ExitStack() as opened:
        ports = open_ports(settings)
        for port in ports:
            opened.enter_context(port.socket)
        readiness = Readiness(open_inbox(settings, lake))
        admin = AdminServer(settings.gateway_admin, readiness.health)
        opened.callback(admin.close)
        log().info("listening", port=admin.port, road="admin", detail="plain")
        leave_alone_what_lasts()
        asyncio.run(_run(settings, lake, ports, readiness))
    return 0


async def _run(settings: Settings, lake: Lake, ports: list[Port], readiness: Readiness) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    inbox = readiness.inbox
    profiles = FeedVersions(settings.feeds)
    gateway = _Gateway(inbox, profiles, Intake(inbox, profiles, loop))
    _listen(gateway, settings, [port for port in ports if port.road == "mllp"])
    _serve_http(gateway, settings, lake, [port for port in ports if port.road == "http"])
    if settings.drop is not None:
        gateway.add(watch(settings.drop, profiles, inbox, gateway.leaving))
    todo = chores(lake, readiness, settings.tls_certificate, profiles)
    caretaker = Caretaker(todo, gateway.intake.fail)
    _announce(settings, ports)
    readiness.open()
    try:
        await gateway.until(stop)
    finally:
        readiness.close()
        caretaker.close(CLOSE_SECONDS)
        await gateway.close()
    log().info("stopped")


def _listen(gateway: "_Gateway", settings: Settings, ports: list[Port]) -> None:
    tls, room, ids = mllp_context(settings), Room(), control_ids()
    for port in ports:
        occasional = Occasional(port.profile.name)
        feed = port.profile.name
        road = Road(feed, gateway.profiles, gateway.intake, room, ids, occasional)
        gateway.listeners.append(Listener(road, port.socket, tls))


def _serve_http(gateway: "_Gateway", settings: Settings, lake: Lake, ports: list[Port]) -> None:
    tls, tokens = http_context(settings), Tokens(tokens_path(settings, lake.root))
    for port in ports:
        app = fhir_app(port.profile.name, gateway.profiles, gateway.intake, tokens)
        server = web_server(app, port, tls)
        gateway.servers.append(server)
        gateway.add(server.serve(sockets=[port.socket]))


def _announce(settings: Settings, ports: list[Port]) -> None:
    way = "plain" if settings.tls_certificate is None else "tls"
    for port in ports:
        is_mutual = port.road == "mllp" and settings.tls_clients is not None
        detail = "tls_with_client_certificates" if is_mutual else way
        feed = port.profile.name
        log().info("listening", feed=feed, port=port.number, road=port.road, detail=detail)
    if settings.drop is not None:
        log().info("listening", road="drop")


def _report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody foresaw, without its words."""
    error = context.get("exception")
    log().error("unexpected", error=type(error).__name__ if error else "unknown")


@dataclass(slots=True)
class _Gateway:
    """Everything that runs, and how it ends."""

    inbox: Inbox
    profiles: FeedVersions
    intake: Intake
    listeners: list[Listener] = field(default_factory=list)
    servers: list[WebServer] = field(default_factory=list)
    background: list[asyncio.Task[None]] = field(default_factory=list)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, work: Background) -> None:
        """Run something beside the rest until the end."""
        self.background.append(asyncio.get_running_loop().create_task(work))

    async def until(self, stop: asyncio.Event) -> None:
        """Wait for the end.

        Raises:
            LakehouseError: What made something end before its time.
        """
        told = asyncio.create_task(stop.wait())
        parts: list[asyncio.Future[Any]] = [told, self.intake.failed, *self.background]
        for listener in self.listeners:
            parts += listener.tasks
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        for part in done:
            part.result()

    async def close(self) -> None:
        """Let nobody in, answer what was read, and close the inbox."""
        for listener in self.listeners:
            listener.stop()
        for server in self.servers:
            server.should_exit = True
        self.leaving.set()
        ending = [asyncio.create_task(listener.drained()) for listener in self.listeners]
        if ending := [*ending, *self.background]:
            await asyncio.wait(ending, timeout=DRAIN_SECONDS)
        for task in ending:
            task.cancel()
        for listener in self.listeners:
            await listener.close()
        await self._close_inbox()

    async def _close_inbox(self) -> None:
        closer = threading.Thread(target=self._close_blocking, name="closing", daemon=True)
        closer.start()
        for _ in range(int(CLOSE_SECONDS * 100)):
            if not closer.is_alive():
                return
            await asyncio.sleep(0.01)
        log().error("inbox_does_not_close")

    def _close_blocking(self) -> None:
        self.intake.close()
        self.inbox.close()
