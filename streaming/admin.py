"""The admin port: metrics and health of one process, on loopback only.

Here: `/metrics`, `/live` and `/ready`. Not here: what is counted (metrics.py), or what health is
(whoever starts the server says).
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import choose_encoder

from lakehouse.errors import LakehouseError

LOOPBACK: Final = "127.0.0.1"
# A client that says nothing holds one thread so long.
IDLE_SECONDS: Final = 10.0


class AdminPortError(LakehouseError):
    """The admin port cannot be opened."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a process can do its work now, and why not."""

    ready: bool
    reason: str = ""


class AdminServer:
    """Serves until it is closed, from a thread of its own."""

    def __init__(
        self, port: int, health: Callable[[], Health], registry: CollectorRegistry = REGISTRY
    ) -> None:
        """Open the port and serve.

        Args:
            port: The port on loopback; 0 is any.
            health: Asked for every `/ready`, on a thread of the server.
            registry: The metrics that are shown; this process's own by default.

        Raises:
            AdminPortError: The port is in use, or not ours to open.
        """
        try:
            self._server = _Server((LOOPBACK, port), _handler(health, registry))
        except OSError as error:
            msg = (
                f"cannot open the admin port {port} on {LOOPBACK}: {error.strerror}; stop what uses"
                " it, or give another one in the setting `gateway_admin`, `stream_admin` or"
                " `desk_admin`"
            )
            raise AdminPortError(msg) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="admin", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _handler(
    health: Callable[[], Health], registry: CollectorRegistry
) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        asked = staticmethod(health)
        shown = registry

    return Handler


class _Handler(BaseHTTPRequestHandler):
    timeout = IDLE_SECONDS
    server_version = "pulsehouse"
    sys_version = ""
    asked: Callable[[], Health]
    shown: CollectorRegistry

    def do_GET(self) -> None:
        """Answer one request."""
        answer = {"/metrics": self._metrics, "/live": self._live, "/ready": self._ready}.get(
            self.path.partition("?")[0], self._unknown
        )
        answer()

    def do_HEAD(self) -> None:
        """Answer one request, without its content."""
        self.do_GET()

    def _metrics(self) -> None:
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        self._send(200, kind, encode(self.shown))

    def _live(self) -> None:
        self._say(200, {"live": True})

    def _ready(self) -> None:
        found = _asked(self.asked)
        self._say(200 if found.ready else 503, {"ready": found.ready, "reason": found.reason})

    def _unknown(self) -> None:
        self._say(404, {"paths": ["/metrics", "/live", "/ready"]})

    def _say(self, status: int, content: dict[str, object]) -> None:
        self._send(status, "application/json", json.dumps(content).encode() + b"\n")

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: a request of the admin port is no event."""


def _asked(health: Callable[[], Health]) -> Health:
    try:
        return health()
    except LakehouseError as error:
        return Health(ready=False, reason=str(error))
    except Exception as error:
        # A health that cannot be found out is not good.
        reason = f"its health cannot be found out ({type(error).__name__})"
        return Health(ready=False, reason=reason)
