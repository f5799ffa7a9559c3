"""The admin port serves metrics and health on loopback."""

import json
import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lakehouse.errors import LakehouseError
from streaming.admin import AdminPortError, AdminServer, Health
from streaming.metrics import INBOX_TAKES


@pytest.fixture
def serve():
    servers = []

    def start(health=lambda: Health(ready=True)) -> AdminServer:
        servers.append(AdminServer(0, health))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def ask(server: AdminServer, path: str, method: str = "GET", **headers: str):
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(), response.headers


def test_metrics_are_those_of_the_process(serve):
    INBOX_TAKES.set(1)
    status, content, headers = ask(serve(), "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(content.decode())}
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    assert families["pulsehouse_inbox_takes"].samples[0].value == 1


def test_a_scraper_that_asks_for_openmetrics_gets_it(serve):
    _, content, headers = ask(serve(), "/metrics", Accept="application/openmetrics-text")
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert content.endswith(b"# EOF\n")


def test_live_is_live_whatever_the_health(serve):
    server = serve(lambda: Health(ready=False, reason="full"))
    assert ask(server, "/live")[0] == 200


def test_ready_follows_the_health_and_says_why_not(serve):
    found = [Health(ready=True)]
    server = serve(lambda: found[0])
    assert ask(server, "/ready")[0] == 200
    found[0] = Health(ready=False, reason="the journal is full")
    status, content, headers = ask(server, "/ready")
    assert status == 503
    assert content.count(b"\n") == 1
    assert json.loads(content) == {"ready": False, "reason": "the journal is full"}
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("error", [LakehouseError("the disk failed"), ValueError("of a patient")])
def test_a_health_that_cannot_be_found_out_is_not_ready_and_tells_nothing_secret(serve, error):
    def health() -> Health:
        raise error

    status, content, _ = ask(serve(health), "/ready")
    assert status == 503
    assert b"patient" not in content
    assert ("the disk failed" in json.loads(content)["reason"]) == isinstance(error, LakehouseError)


def test_other_paths_and_methods_are_refused(serve):
    server = serve()
    assert ask(server, "/")[0] == 404
    assert ask(server, "/ready", "POST")[0] == 501
    assert ask(server, "/ready", "HEAD")[:2] == (200, b"")


def test_it_listens_on_loopback_only(serve):
    server = serve()
    with socket.socket() as other:
        other.settimeout(5)
        # Another address of this very machine.
        with pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", server.port))


def test_a_port_in_use_is_named(serve):
    port = serve().port
    with pytest.raises(AdminPortError, match=f"{port}.*in use.*gateway_admin"):
        AdminServer(port, lambda: Health(ready=True))


def test_a_closed_server_frees_its_port():
    server = AdminServer(0, lambda: Health(ready=True))
    ask(server, "/live")
    server.close()
    again = AdminServer(server.port, lambda: Health(ready=True))
    again.close()
