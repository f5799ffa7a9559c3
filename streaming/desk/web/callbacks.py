"""What receivers tell us of a notification: it was delivered, read, or somebody takes the case.

Here: callbacks of webhooks, signed as we sign ours (Standard Webhooks 1.0), each counted once. Not
here: sending (streaming/desk/channels), or acts of people at the board (pages/).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from clinical.alerts import Act
from lakehouse.errors import SettingsError
from streaming.desk import delivering
from streaming.desk.accounts.secret_digests import equal
from streaming.desk.accounts.tables import CALLBACKS
from streaming.desk.acting import act_on
from streaming.desk.auditing import records
from streaming.desk.case_rows import Acted
from streaming.desk.channels.opening import opened
from streaming.desk.channels.webhook import Webhook, signature
from streaming.desk.outbox import State
from streaming.desk.store.models import NOTIFICATIONS
from streaming.desk.store.writing import writing
from streaming.desk.web.guard import public
from streaming.desk.web.refusals import RefusedError
from streaming.desk.web.shell import Shell, shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
# Older ones are refused; younger ones are remembered, so that each counts once.
WINDOW: Final = timedelta(minutes=5)
# What our side holds for sent, or for lost: the other side knows better.
_TOLD: Final[tuple[State, ...]] = ("sent", "failed")
_UNPROVED: Final = "This callback is not signed by the receiver's secret, or not of this moment."
_REPLAYED: Final = "This callback came before."
_UNKNOWN: Final = "No notification of this receiver has this key."
_WORDLESS: Final = "A callback says `key` and `event`: delivered, read or acknowledge."
_NOBODY: Final = "This notification went to a place, and a place takes no case."


class _Callback(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern="^[0-9a-f]{64}$")
    event: Literal["delivered", "read", "acknowledge"]


@dataclass(frozen=True, slots=True)
class _Signed:
    """What came: to which receiver, under which id, when and how signed, with which body."""

    receiver: str
    key: str
    sent_at: str
    signature: str
    body: bytes


@ROUTER.post("/callbacks/{receiver}", dependencies=[public(signed=True)])
async def call_back(
    request: Request,
    receiver: str,
    webhook_id: Annotated[str, Header(max_length=200)] = "",
    webhook_timestamp: Annotated[str, Header(max_length=20)] = "",
    webhook_signature: Annotated[str, Header(max_length=1_000)] = "",
) -> Response:
    """Take one callback."""
    body = await request.body()
    sent = _Signed(receiver, webhook_id, webhook_timestamp, webhook_signature, body)
    return await run_in_threadpool(_taken, request, sent)


def _taken(request: Request, sent: _Signed) -> Response:
    shell = shell_of(request)
    now = shell.now()
    if not _is_proved(shell, sent, now):
        refused = RefusedError(_UNPROVED, code=status.HTTP_401_UNAUTHORIZED)
        shell.refuse(request, None, refused)
    try:
        said = _Callback.model_validate_json(sent.body)
    except ValidationError:
        refused = RefusedError(_WORDLESS, code=status.HTTP_422_UNPROCESSABLE_CONTENT)
        shell.refuse(request, None, refused)
    try:
        with writing(shell.desk.engine) as connection:
            _remember(connection, sent, now)
            acted = _do(shell, connection, sent.receiver, said)
            why = acted.refusal.told if acted.refusal else said.event
            told = shell.record(request, None, f"callback.{said.event}", _ids(acted), why=why)
            records.write(connection, replace(told, who=f"receiver:{sent.receiver}"))
    except RefusedError as error:
        shell.refuse(request, None, error)
    shell.desk.bell.ring()
    return _answer(acted)


def _answer(acted: Acted) -> Response:
    if acted.refusal is not None:
        body = {"detail": acted.refusal.told, "why": acted.refusal.why}
        return JSONResponse(body, status.HTTP_409_CONFLICT)
    return JSONResponse({"state": acted.case.state if acted.case else None})


def _is_proved(shell: Shell, sent: _Signed, now: datetime) -> bool:
    known = shell.desk.planner.routes.receivers.get(sent.receiver)
    if known is None or known.kind != "webhook" or not sent.sent_at.isdecimal():
        return False
    if abs(now.timestamp() - int(sent.sent_at)) > WINDOW.total_seconds():
        return False
    try:
        channel = opened(known, shell.now)
    except SettingsError:
        return False
    if not isinstance(channel, Webhook):
        return False
    wanted = signature(channel.secret, sent.key, sent.sent_at, sent.body)
    # While a secret is changed, a receiver may sign with both.
    return any(equal(one, wanted) for one in sent.signature.split())


def _remember(connection: Connection, sent: _Signed, now: datetime) -> None:
    connection.execute(delete(CALLBACKS).where(CALLBACKS.c.at < now - 3 * WINDOW))
    digest = sha256(b"\n".join((sent.receiver.encode(), sent.key.encode(), sent.body))).hexdigest()
    try:
        with connection.begin_nested():
            connection.execute(insert(CALLBACKS).values(digest=digest, at=now))
    except IntegrityError:
        raise RefusedError(_REPLAYED, code=status.HTTP_409_CONFLICT) from None


def _do(shell: Shell, connection: Connection, receiver: str, said: _Callback) -> Acted:
    row = _notification(connection, receiver, said.key)
    now = shell.desk.clock.now()
    arrived = NOTIFICATIONS.c.key == said.key, NOTIFICATIONS.c.state.in_(_TOLD)
    connection.execute(update(NOTIFICATIONS).where(*arrived).values(state="received"))
    if said.event == "delivered":
        delivering.deliver(connection, [row.alert_id], now)
        return Acted(None)
    if row.person is None:
        raise RefusedError(_NOBODY, code=status.HTTP_409_CONFLICT)
    event = said.event
    return act_on(connection, shell.desk.planner, row.alert_id, Act(event, now, by=row.person))


def _notification(connection: Connection, receiver: str, key: str) -> Row[Any]:
    # Of what was never sent nobody can have heard; a receiver may be quicker than its own answer.
    sent = NOTIFICATIONS.c.receiver == receiver, NOTIFICATIONS.c.state != "waiting"
    query = select(NOTIFICATIONS).where(NOTIFICATIONS.c.key == key, *sent)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise RefusedError(_UNKNOWN, code=status.HTTP_404_NOT_FOUND)
    return row


def _ids(acted: Acted) -> list[str]:
    return [acted.case.alert_id] if acted.case else []
