"""Channels over HTTP, against a real server: what they send, and what an answer means."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from streaming.desk.channels import fhir
from streaming.desk.channels.alertmanager import Alertmanager
from streaming.desk.channels.channel import ChannelError
from streaming.desk.channels.fhir import FhirServer
from streaming.desk.channels.pagerduty import PagerDuty
from streaming.desk.channels.services import Service
from streaming.desk.channels.webhook import Webhook
from tests.streaming.desk.channels.listening_for import (
    NOW,
    PATIENT,
    SECRETS,
    case,
    listening,
    notification,
)
from tests.streaming.gateway.fhir_serving import served

SECRET = "whsec_" + base64.b64encode(b"sixteen bytes at least").decode()


def channels(url):
    """Every channel over HTTP that leads outside."""
    return [
        Webhook(url, SECRET, lambda: NOW),
        PagerDuty("routing", f"{url}/v2/enqueue"),
        Alertmanager(url, lambda: NOW),
        Service(url.replace("http://", "json://")),
    ]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("kind", ["new", "worse", "escalation", "handed_over", "drill"])
def test_a_text_that_leaves_the_house_says_nothing_of_a_patient(place, kind):
    with listening() as far:
        channels(far.url)[place].send(notification(kind=kind, case=case()))
    (heard,) = far.heard
    told = heard.body.decode() + heard.path + repr(heard.headers)
    assert [word for word in SECRETS if word in told] == []
    assert "WARD18" in told
    assert "CRITICAL" in told
    assert "https://desk.example/alerts/" in told


def test_the_rule_is_told_where_a_receiver_asks_for_it():
    with listening() as far:
        Webhook(far.url, SECRET, lambda: NOW, tells="rule").send(notification())
    assert "Suspected sepsis" in json.loads(far.heard[0].body)["data"]["text"]


def test_a_webhook_is_signed_as_standard_webhooks_are():
    with listening() as far:
        Webhook(far.url, SECRET, lambda: NOW).send(notification())
    (heard,) = far.heard
    sent_at = heard.headers["webhook-timestamp"]
    assert int(sent_at) == int(NOW.timestamp())
    signed = f"{heard.headers['webhook-id']}.{sent_at}.".encode() + heard.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert heard.headers["webhook-signature"] == f"v1,{digest}"


def test_a_retry_carries_the_same_key():
    with listening(None, 503, 200) as far:
        webhook = Webhook(far.url, SECRET, lambda: NOW)
        for _ in range(2):
            with pytest.raises(ChannelError) as failed:
                webhook.send(notification())
            assert failed.value.retry
        webhook.send(notification())
    assert {heard.headers["idempotency-key"] for heard in far.heard} == {notification().key}
    assert len(far.heard) == 3


@pytest.mark.parametrize(
    ("status", "again"),
    [(400, False), (401, False), (404, False), (302, False), (408, True), (429, True), (500, True)],
)
def test_an_answer_says_whether_to_try_again(status, again):
    with listening(status) as far, pytest.raises(ChannelError) as failed:
        Webhook(far.url, SECRET, lambda: NOW).send(notification())
    assert (failed.value.retry, str(failed.value)) == (again, f"answer {status}")


def test_who_does_not_listen_is_tried_again_and_its_address_told_to_nobody():
    with listening() as far:
        gone = far.url
    with pytest.raises(ChannelError) as failed:
        Webhook(gone + "/token-in-a-path", SECRET, lambda: NOW).send(notification())
    assert failed.value.retry
    assert "token-in-a-path" not in repr(failed.value)


def test_a_secret_that_is_no_base64_is_named_and_not_told():
    with pytest.raises(ChannelError, match="whsec_") as failed:
        Webhook("http://127.0.0.1:9", "whsec_!!", lambda: NOW).send(notification())
    assert not failed.value.retry


def test_pagerduty_has_one_incident_for_an_alert_and_resolves_it_when_it_is_taken_back():
    with listening(202) as far:
        pager = PagerDuty("routing", far.url)
        pager.send(notification())
        pager.send(notification(kind="escalation", step=1))
        pager.send(notification(kind="retracted"))
    events = [json.loads(heard.body) for heard in far.heard]
    assert [one["event_action"] for one in events] == ["trigger", "trigger", "resolve"]
    assert {one["dedup_key"] for one in events} == {"mimic3-0-7261-sepsis"}
    assert events[0]["payload"]["severity"] == "critical"
    # Events API v2: a summary of at most 1,024 characters, a source and a severity are required.
    assert {"summary", "source", "severity"} <= set(events[0]["payload"])


def test_alertmanager_gets_the_same_labels_at_every_step_and_an_end_when_it_is_taken_back():
    with listening() as far:
        manager = Alertmanager(far.url, lambda: NOW)
        manager.send(notification())
        manager.send(notification(kind="escalation", step=1))
        manager.send(notification(kind="retracted"))
    assert {heard.path for heard in far.heard} == {"/api/v2/alerts"}
    alerts = [json.loads(heard.body)[0] for heard in far.heard]
    assert alerts[0]["labels"] == alerts[1]["labels"] == alerts[2]["labels"]
    assert [one.get("endsAt") for one in alerts] == [None, None, NOW.isoformat()]


def test_a_service_that_does_not_take_it_is_tried_again():
    with listening(500) as far, pytest.raises(ChannelError) as failed:
        Service(far.url.replace("http://", "json://")).send(notification())
    assert failed.value.retry


def test_a_service_that_nobody_knows_is_not_tried_again():
    with pytest.raises(ChannelError) as failed:
        Service("nobody-knows-this://token").send(notification())
    assert not failed.value.retry
    assert "token" not in str(failed.value)


@pytest.mark.parametrize("kind", ["new", "retracted"])
@pytest.mark.parametrize("made", [fhir.communication, fhir.flag, fhir.task])
def test_fhir_resources_are_valid(kind, made):
    about = {"type": "Patient", "identifier": {"value": PATIENT}}
    resource = made(notification(kind=kind), about)
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_fhir_writes_no_resource_twice():
    with listening(201) as far:
        server = FhirServer(far.url + "/fhir/", ("Communication", "Flag", "Task"))
        server.send(notification(case=case()))
    said, flag, task = far.heard
    assert (said.method, said.path) == ("POST", "/fhir/Communication")
    assert said.headers["if-none-exist"].endswith(notification().key)
    for heard, kind in ((flag, "Flag"), (task, "Task")):
        assert heard.method == "PUT"
        assert re.fullmatch(f"/fhir/{kind}\\?identifier=.*{notification().alert_id}", heard.path)
    assert json.loads(flag.body)["subject"]["identifier"]["value"] == PATIENT


def test_fhir_is_told_of_patients_alone():
    with pytest.raises(ChannelError) as failed:
        FhirServer("http://127.0.0.1:9").send(notification(kind="technical"))
    assert not failed.value.retry


def test_a_real_fhir_port_takes_the_communication(tmp_path: Path):
    with served(tmp_path) as port:
        server = FhirServer(f"http://127.0.0.1:{port.number}", secret=port.secret)
        server.send(notification(case=case()))
        (stored,) = port.stored()
    assert json.loads(stored)["resourceType"] == "Communication"


def test_nothing_is_followed_elsewhere():
    with listening() as other, listening(307) as far:
        with pytest.raises(ChannelError):
            Webhook(far.url, SECRET, lambda: NOW).send(notification())
        assert other.heard == []
