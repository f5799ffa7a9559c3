"""Callbacks of receivers: signed, of this moment, and counted once.

Here: what a receiver tells, and every way in which it is not believed. Not here: sending
(../channels).
"""

import json

import pytest
from sqlalchemy import select, update

from clinical.alerts import Act
from streaming.desk.channels.webhook import signature
from streaming.desk.store.models import NOTIFICATIONS
from streaming.desk.store.writing import reading, writing
from tests.streaming.desk.desks import SetClock, alert, desk_at, take_alerts
from tests.streaming.desk.web.logins import audit_of, browser
from tests.streaming.desk.web.probes import probed

SECRET = "whsec_aGVyb25z"  # noqa: S105 a receiver's in tests
ROUTES = """
zone: UTC
receivers:
  pager: {kind: webhook, url: "https://pager.example", secret_file: SECRET_FILE}
  other: {kind: webhook, url: "https://other.example", secret_file: SECRET_FILE}
  board: {kind: board}
people:
  nurse: {pager: }
schedules:
  always: {rotations: [{people: nurse, starts: 2026-01-01}]}
roles:
  ward: {receivers: board, schedule: always}
chains:
  all: {steps: [{tell: ward}], repeat: 1h}
route: {chain: all}
"""
ALERT = alert(0)["alert_id"]


@pytest.fixture
def desk(tmp_path):
    secret, routes = tmp_path / "secret", tmp_path / "routes.yaml"
    secret.write_text(SECRET)
    routes.write_text(ROUTES.replace("SECRET_FILE", str(secret)))
    with desk_at(tmp_path, SetClock(), desk_routes=routes) as made:
        take_alerts(made, alert(0))
        with writing(made.engine) as connection:
            connection.execute(update(NOTIFICATIONS).values(state="sent"))
        yield made


@pytest.fixture
def client(desk):
    return browser(probed(desk))


def _key(desk):
    with reading(desk.engine) as connection:
        return connection.execute(select(NOTIFICATIONS.c.key)).scalar_one()


def _call(desk, client, event="delivered", *, receiver="pager", late=0, secret=SECRET, **said):
    body = json.dumps({"key": _key(desk), "event": event} | said).encode()
    sent_at = str(int(desk.clock.now().timestamp()) - late)
    headers = {
        "webhook-id": f"msg-{event}",
        "webhook-timestamp": sent_at,
        "webhook-signature": "v1,older " + signature(secret, f"msg-{event}", sent_at, body),
    }
    return client.post(f"/callbacks/{receiver}", content=body, headers=headers)


def test_a_receipt_and_a_reading_move_the_case_on(desk, client):
    assert _call(desk, client).status_code == 200
    assert desk.cases.one(ALERT).state == "delivered"
    assert [one.state for one in desk.cases.notifications(ALERT)] == ["received"]
    assert _call(desk, client, "read").json() == {"state": "read"}
    told = [(entry.who, entry.action) for entry in audit_of(desk)]
    assert told == [("receiver:pager", "callback.delivered"), ("receiver:pager", "callback.read")]


def test_the_person_who_was_told_takes_the_case_from_the_pager(desk, client):
    assert _call(desk, client, "acknowledge").json() == {"state": "acknowledged"}
    assert desk.cases.one(ALERT).owner == "nurse"


def test_a_replayed_callback_is_refused_and_written_down(desk, client):
    assert _call(desk, client).status_code == 200
    assert _call(desk, client).status_code == 409
    desk.clock.move(seconds=1)
    assert _call(desk, client).status_code == 409
    desk.clock.move(days=1)
    assert _call(desk, client, late=86_401).status_code == 401
    assert [entry.outcome for entry in audit_of(desk)] == ["ok", "refused", "refused", "refused"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"late": 301}, 401),
        ({"late": -301}, 401),
        ({"secret": "another"}, 401),
        ({"receiver": "nobody"}, 401),
        ({"receiver": "board"}, 401),
        ({"receiver": "other"}, 404),
        ({"key": "0" * 64}, 404),
        ({"event": "resolve"}, 422),
        ({"more": 1}, 422),
    ],
)
def test_what_is_not_of_this_receiver_and_moment_changes_nothing(desk, client, said, code):
    before = desk.cases.one(ALERT)
    assert _call(desk, client, **said).status_code == code
    assert desk.cases.one(ALERT) == before
    assert [entry.outcome for entry in audit_of(desk)] == ["refused"]


def test_a_body_that_was_changed_on_the_way_is_refused(desk, client):
    body = json.dumps({"key": _key(desk), "event": "acknowledge"}).encode()
    sent_at = str(int(desk.clock.now().timestamp()))
    signed = signature(SECRET, "one", sent_at, body.replace(b"acknowledge", b"read"))
    headers = {"webhook-id": "one", "webhook-timestamp": sent_at, "webhook-signature": signed}
    assert client.post("/callbacks/pager", content=body, headers=headers).status_code == 401
    assert client.post("/callbacks/pager").status_code == 401


def test_what_was_not_sent_yet_nobody_has_read(desk, client):
    with writing(desk.engine) as connection:
        connection.execute(update(NOTIFICATIONS).values(state="waiting"))
    assert _call(desk, client, "read").status_code == 404


def test_a_case_that_somebody_has_is_not_taken_by_a_late_pager(desk, client):
    desk.cases.act(ALERT, Act("acknowledge", desk.clock.now(), by="doctor"))
    answer = _call(desk, client, "acknowledge")
    assert answer.status_code == 409
    assert desk.cases.one(ALERT).owner == "doctor"
