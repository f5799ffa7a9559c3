"""What listens at the other end of a channel: a real HTTP server, and notifications to send.

Here: what the tests of channels share. Not here: what a channel must do (test_*.py).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from streaming.desk.case_rows import CaseRow
from streaming.desk.channels.channel import Notification

AT = datetime(2026, 1, 16, 3, 51, 7, tzinfo=UTC)
NOW = datetime(2026, 1, 16, 3, 51, 9, tzinfo=UTC)
PATIENT, VISIT, FACILITY = "10018081", "V28723315", "BIDMC"
# What must leave by no road that leads outside.
SECRETS = (PATIENT, VISIT, "131", "heart_rate", "Suspected sepsis")


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Listening:
    """A server that answers as it is told; None drops the connection without an answer."""

    url: str = ""
    answers: list[int | None] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)


@contextmanager
def listening(*answers: int | None) -> Iterator[Listening]:
    """Answer with each status in turn, the last one for ever."""
    place = Listening(answers=list(answers or (200,)))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            size = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            place.heard.append(Heard(self.command, self.path, headers, self.rfile.read(size)))
            status = place.answers.pop(0) if len(place.answers) > 1 else place.answers[0]
            if status is None:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT = _answer  # noqa: N815 the server asks for these names

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    place.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def case(**changes: object) -> CaseRow:
    """A case about a patient, with what it rests on."""
    evidence = [
        {"name": "heart_rate", "value": 131.0, "unit": "/min", "effective_at": AT},
        {"name": "sofa (vincent1996)", "value": 6.0, "unit": None, "effective_at": AT},
    ]
    told = dict.fromkeys(CaseRow.__dataclass_fields__) | {
        "alert_id": "mimic3-0-7261-sepsis",
        "facility": FACILITY,
        "patient_id": PATIENT,
        "encounter_id": VISIT,
        "unit": "WARD18",
        "severity": "critical",
        "rule": "sepsis",
        "payload": {"evidence": evidence},
    }
    return CaseRow(**told | changes)


def notification(**changes: object) -> Notification:
    """A first notification, without its case."""
    plain = Notification(
        key="5f2c9d0e" * 8,
        alert_id="mimic3-0-7261-sepsis",
        step=0,
        person="nurse_a",
        address="nurse.a@ward.example",
        severity="critical",
        kind="new",
        unit="WARD18",
        title="Suspected sepsis: infection evidence, SOFA up by 2",
        raised_at=AT,
        delayed_seconds=0,
        link="https://desk.example/alerts/mimic3-0-7261-sepsis",
    )
    return replace(plain, **changes)
