"""An HTTP port and those who connect to it and ask for nothing."""

import socket
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from streaming.gateway.web import HEAD_SECONDS
from tests.streaming.gateway.gateway_process import FHIR, PATIENCE, gateway

HALF_A_HEAD = b"POST /Patient HTTP/1.1\r\nHost: here\r\n"
LIMIT = 100  # of the profile


@pytest.fixture
def port(tmp_path):
    with gateway(tmp_path / "lake", "--http", f"{FHIR}=0") as running:
        yield running.port("http", FHIR)


def connected(port, said):
    sender = socket.create_connection(("127.0.0.1", port), timeout=HEAD_SECONDS + PATIENCE)
    sender.sendall(said)
    return sender


def status(port):
    """Of a request without a token."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as sender:
        sender.request("POST", "/Patient", b"{}")
        return sender.getresponse().status


@pytest.mark.parametrize("said", [b"", HALF_A_HEAD])
def test_who_asks_for_nothing_keeps_nobody_out(port, said):
    with ExitStack() as opened:
        for _ in range(LIMIT + 50):
            opened.enter_context(connected(port, said))
        assert [status(port) for _ in range(3)] == [401, 401, 401]


def test_a_head_that_does_not_come_ends_its_connection(port):
    with connected(port, HALF_A_HEAD) as sender:
        assert sender.recv(1) == b""
