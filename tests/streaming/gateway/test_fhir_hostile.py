"""Requests that no good sender makes: nothing of them is stored, repeated or logged."""

import gzip
import json
import select
import socket

import pytest

from tests.streaming.gateway.fhir_serving import FHIR, observation, profile, served

LIMIT = 100_000
# Stands in for a patient's name wherever a request can carry one.
SECRET = "Zzyzx-Quux"  # noqa: S105 no password
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with served(tmp_path_factory.mktemp("hostile"), profile(message_bytes=LIMIT)) as port:
        yield port


HOSTILE = {
    "unknown path": ("POST", "/a/b/c/d", FHIR, b"{}", 404),
    "unknown type": ("POST", f"/{SECRET}", FHIR, b"{}", 404),
    "type in small letters": ("POST", "/observation", FHIR, b"{}", 404),
    "path that climbs": ("POST", "/%2e%2e/%2e%2e/etc/passwd", FHIR, b"{}", 404),
    "operation": ("POST", "/$process-message", FHIR, b"{}", 404),
    "search": ("GET", f"/Patient?name={SECRET}", {}, b"", 405),
    "read": ("GET", f"/Patient/{SECRET}", {}, b"", 405),
    "delete": ("DELETE", f"/Patient/{SECRET}", {}, b"", 405),
    "patch": ("PATCH", f"/Patient/{SECRET}", FHIR, b"[]", 405),
    "options": ("OPTIONS", "/Patient", {"origin": "https://elsewhere.example"}, b"", 405),
    "overridden method": ("GET", "/Patient", {"x-http-method-override": "POST"}, b"", 405),
    "trailing slash": ("POST", "/Observation/", FHIR, b"{}", 404),
    "docs": ("GET", "/docs", {}, b"", 405),
    "api": ("GET", "/openapi.json", {}, b"", 405),
    "no content type": ("POST", "/Observation", {}, b"{}", 415),
    "form": ("POST", "/", {"content-type": "application/x-www-form-urlencoded"}, b"a=b", 415),
    "xml": ("POST", "/", {"content-type": "application/fhir+xml"}, b"<a/>", 415),
    "utf-16": ("POST", "/", {"content-type": "application/json; charset=utf-16"}, b"{}", 415),
    "brotli": ("POST", "/", FHIR | {"content-encoding": "br"}, b"{}", 415),
    "gzip twice": ("POST", "/", FHIR | {"content-encoding": "gzip, gzip"}, b"{}", 415),
    "no gzip": ("POST", "/", FHIR | {"content-encoding": "gzip"}, SECRET.encode(), 400),
    "torn gzip": (
        *("POST", "/", FHIR | {"content-encoding": "gzip"}),
        *(gzip.compress(observation())[:-9], 400),
    ),
    "one byte too many": ("POST", "/", FHIR, b" " * (LIMIT + 1), 413),
    "gzip of countless members": (
        *("POST", "/", FHIR | {"content-encoding": "gzip"}),
        *(gzip.compress(b"") * 1_001 + gzip.compress(observation()), 400),
    ),
    "gzip bomb": (
        *("POST", "/", FHIR | {"content-encoding": "gzip"}),
        *(gzip.compress(bytes(50_000_000)), 413),
    ),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
def test_hostile_request_is_refused_with_an_outcome_and_leaves_nothing(port, case, capfd):
    method, path, headers, content, status = case
    before = port.stored()
    response = port.client.request(method, path, headers=headers, content=content)
    assert (response.status_code, response.json()["resourceType"]) == (status, "OperationOutcome")
    assert port.stored() == before
    told = response.text + str(response.headers) + "".join(capfd.readouterr())
    assert SECRET not in told


def test_no_answer_repeats_what_was_sent(port):
    raw = json.dumps({"resourceType": "Patient", "name": [{"family": SECRET}], "x": SECRET})
    for content in (raw, raw[:-5], SECRET, f'{{"resourceType":"{SECRET}"}}'):
        answer = port.post(f"/Patient/{SECRET}", content.encode(), etag=SECRET)
        assert SECRET not in answer.text + str(answer.headers)


def test_body_that_grows_beyond_the_limit_is_refused_while_it_comes(port):
    before = port.stored()
    pieces = (b" " * 10_000 for _ in range(1_000))
    response = port.client.post("/", content=pieces, headers=FHIR)
    assert response.status_code == 413
    assert port.stored() == before


def test_body_that_is_said_to_be_too_large_is_refused_before_it_comes(port):
    with socket.create_connection(("127.0.0.1", port.number), timeout=60) as peer:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {port.secret}\r\n"
        length = f"Content-Type: application/json\r\nContent-Length: {10**15}\r\n\r\n"
        peer.sendall((head + length).encode())
        assert peer.recv(64).startswith(b"HTTP/1.1 413")


def test_sender_that_leaves_within_its_body_stores_nothing_and_harms_nobody(port):
    before = port.stored()
    with socket.create_connection(("127.0.0.1", port.number), timeout=60) as peer:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {port.secret}\r\n"
        peer.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{".encode()
        )
    assert port.post("/Observation", observation(1)).status_code == 201
    assert port.stored() == [*before, observation(1)]


def test_sender_that_never_ends_its_body_is_told_after_a_while(tmp_path):
    with (
        served(tmp_path, profile(idle_seconds=0.2)) as port,
        socket.create_connection(("127.0.0.1", port.number), timeout=60) as peer,
    ):
        head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {port.secret}\r\n"
        peer.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{".encode()
        )
        assert peer.recv(64).startswith(b"HTTP/1.1 408")


def test_many_large_bodies_at_once_are_not_all_held_in_memory(tmp_path):
    with served(tmp_path, profile(message_bytes=LIMIT)) as port:
        peers = [socket.create_connection(("127.0.0.1", port.number), timeout=60) for _ in range(5)]
        head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {port.secret}\r\n"
        begun = f"{head}Content-Type: application/json\r\nContent-Length: {LIMIT}\r\n\r\n".encode()
        for peer in peers:
            peer.sendall(begun + b" " * (LIMIT - 1))
        refused = _first_answered(peers).recv(64)
        assert refused.startswith(b"HTTP/1.1 503")
        for peer in peers:
            peer.close()


def _first_answered(peers):
    answered, _, _ = select.select(peers, [], [], 60)
    return answered[0]


@pytest.mark.parametrize("path", ["/metadata", "/", "/Observation", "/nowhere"])
def test_every_answer_has_the_security_headers_and_no_cors(port, path):
    headers = port.client.get(path, headers={"origin": "https://elsewhere.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert [name for name in headers if name.startswith("access-control")] == []
