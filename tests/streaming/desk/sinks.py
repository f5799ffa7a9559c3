"""A receiver of webhooks in the test's process, which answers or fails as it is told.

Here: the server, and routes that lead to it. Not here: what is tested with them.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# What a sink does instead of an answer: it takes the request and breaks off.
DROPS = 0


@dataclass(slots=True)
class Sink:
    """What came, and what is answered. `seconds` is how long each answer takes."""

    url: str = ""
    status: int = 204
    seconds: float = 0.0
    taken: list[dict[str, Any]] = field(default_factory=list)
    tried: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keys(self) -> list[str]:
        with self.lock:
            return [one["key"] for one in self.taken]

    def alerts(self) -> list[str]:
        with self.lock:
            return [one["data"]["alert_id"] for one in self.taken]

    def came(self, body: dict[str, Any], key: str) -> int:
        time.sleep(self.seconds)
        with self.lock:
            status = self.status
            said = {**body, "key": key}
            self.tried.append(said)
            if status == DROPS or 200 <= status < 300:
                self.taken.append(said)
            return status


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


@contextmanager
def sinking() -> Iterator[Sink]:
    """A sink that is listening."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status = sink.came(json.loads(content), self.headers["Idempotency-Key"])
            if status == DROPS:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    sink.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()


def routes_to(root: Path, pager: Sink, mail: Sink, fallback_after: str = "60s") -> Path:
    """A routes file: a nurse by the pager, whose fallback is the mail; engineers by the pager."""
    (root / "secret").write_text("only-a-test")
    file = root / "routes.yaml"
    secret = root / "secret"
    file.write_text(f"""
zone: UTC
shifts: {{day: 07:00, night: 19:00}}
receivers:
  pager: {{kind: webhook, url: "{pager.url}", secret_file: "{secret}", fallback: mail,
           fallback_after: {fallback_after}}}
  mail: {{kind: webhook, url: "{mail.url}", secret_file: "{secret}"}}
  board: {{kind: board}}
roles:
  nurse: {{receivers: pager}}
  doctor: {{receivers: pager}}
  engineer: {{receivers: pager}}
chains:
  ward:
    steps:
      - {{tell: nurse}}
      - {{tell: doctor, after: 5m}}
    repeat: 10m
  technical:
    steps:
      - {{tell: engineer}}
    repeat: 30m
route:
  chain: ward
  routes:
    - {{match: {{technical: true}}, chain: technical}}
""")
    return file


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so; an error where it never is."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            msg = "it did not come about"
            raise AssertionError(msg)
        time.sleep(0.01)
