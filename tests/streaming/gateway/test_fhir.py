"""FHIR over HTTP as its senders meet it: what is stored, and what they are told."""

import gzip
import json
import shutil
import subprocess

import pytest

from streaming.gateway.outcome import FHIR_JSON
from tests.streaming.gateway.fhir_serving import FHIR, observation, profile, served


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with served(tmp_path_factory.mktemp("fhir"), profile(message_bytes=200_000)) as port:
        yield port


def _issue(response):
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    assert response.headers["content-type"] == FHIR_JSON
    (issue,) = body["issue"]
    return issue


def _reason(response):
    return _issue(response)["details"]["text"]


def _bundle(kind, *resources, method="POST"):
    entries = [
        {"resource": json.loads(raw), "request": {"method": method, "url": "Observation"}}
        for raw in resources
    ]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def test_resource_is_stored_byte_for_byte_and_created(port):
    raw = b" " + observation(10) + b"\n"
    response = port.post("/Observation", raw)
    assert (response.status_code, _issue(response)["severity"]) == (201, "information")
    assert port.stored()[-1] == raw


def test_notification_of_a_subscription_is_stored_by_put_and_by_post(port):
    for number, method in enumerate(("PUT", "POST")):
        raw = observation(20 + number)
        response = port.client.request(method, "/Observation/x", content=raw, headers=FHIR)
        assert response.status_code == 200
        assert port.stored()[-1] == raw


def test_notification_without_a_payload_is_answered_and_nothing_is_stored(port):
    before = port.stored()
    response = port.client.post("/")
    assert (response.status_code, _reason(response)) == (200, "notified")
    assert port.stored() == before


def test_empty_body_where_a_resource_is_due_is_refused_and_nothing_is_stored(port):
    before = port.stored()
    for method, path in (("POST", "/Observation"), ("PUT", "/Observation/1")):
        response = port.client.request(method, path, headers=FHIR)
        assert (response.status_code, _reason(response)) == (400, "empty_body")
    assert port.stored() == before


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_transaction_is_one_message_and_answered_entry_by_entry(port, kind):
    raw = _bundle(kind, observation(30), observation(31))
    response = port.post("/", raw)
    assert response.status_code == 200
    assert response.json() == {
        "resourceType": "Bundle",
        "type": f"{kind}-response",
        "entry": [{"response": {"status": "201 Created"}}] * 2,
    }
    assert port.stored()[-1] == raw


@pytest.mark.parametrize("kind", ["history", "collection", "message", "document", "searchset"])
def test_bundle_of_any_other_type_is_one_message_too(port, kind):
    raw = _bundle(kind, observation(40))
    response = port.post("/", raw)
    assert (response.status_code, _reason(response)) == (200, "stored")
    assert port.stored()[-1] == raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{", "not_json"),
        (b'{"resourceType":"Observation"', "not_json"),
        (b"{}", "no_resource_type"),
        (b'{"resourceType":"Nothing"}', "unknown_resource_type"),
        (b'{"resourceType":"Observation","status":3}', "wrong_shape"),
        (b'{"resourceType":"Observation","x":' + b"[" * 90_000, "nested_too_deep"),
        (b"\xff\xfe{}", "not_json"),
        (b"\x00" * 10, "not_json"),
        (b'{"resourceType":"Patient","id":"1","x":1e999}', None),
        (b'{"resourceType":"Observation","status":"final","code":{"text":"x"}}', "no_patient"),
    ],
)
def test_what_is_not_understood_is_stored_and_answered_with_its_reason(port, raw, reason):
    response = port.post("/Observation", raw)
    assert port.stored()[-1] == raw
    if reason is None:
        assert response.status_code == 201
    else:
        assert (response.status_code, _reason(response)) == (422, reason)


def test_gzip_is_unpacked_before_it_is_stored(port):
    raw = observation(50)
    packed = gzip.compress(raw[:40]) + gzip.compress(raw[40:])
    response = port.post("/Observation", packed, **{"content-encoding": "gzip"})
    assert response.status_code == 201
    assert port.stored()[-1] == raw


def test_resource_of_a_type_that_is_not_used_is_stored_and_understood(port):
    raw = b'{"resourceType":"Practitioner","id":"1"}'
    assert port.post("/Practitioner", raw).status_code == 201
    assert port.stored()[-1] == raw


def test_capability_statement_is_of_r4_and_lists_what_is_taken(port):
    body = port.client.get("/metadata").json()
    assert (body["resourceType"], body["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    taken = {one["type"] for one in body["rest"][0]["resource"]}
    assert {"Observation", "Patient", "Encounter", "Bundle"} <= taken


def test_full_inbox_says_to_send_again_and_stores_nothing(tmp_path):
    with served(tmp_path, journal_bytes=1) as port:
        response = port.post("/Observation", observation())
        assert (response.status_code, _reason(response)) == (503, "not_stored")
        assert int(response.headers["retry-after"]) > 0
        assert port.stored() == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_posts_a_file(port, tmp_path):
    raw = observation(60, note=[{"text": "x" * 100_000}])
    (tmp_path / "one.json").write_bytes(raw)
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--fail", "--max-time", "60"),
            *("--header", f"Authorization: Bearer {port.secret}"),
            *("--header", "Content-Type: application/fhir+json"),
            *("--data-binary", f"@{tmp_path / 'one.json'}"),
            f"http://127.0.0.1:{port.number}/Observation",
        ],
        capture_output=True,
        check=True,
        timeout=100,
    )
    assert json.loads(done.stdout)["issue"][0]["severity"] == "information"
    assert port.stored()[-1] == raw
