"""The streams that open pages listen to (server-sent events).

Here: their routes. Not here: what is told (live.py).
"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, status
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent

from streaming.desk.auditing import records
from streaming.desk.auditing.chain import Record
from streaming.desk.case_rows import CaseRow
from streaming.desk.pages.audiences import Audience
from streaming.desk.pages.board_pages import check_unit
from streaming.desk.pages.fragments import Message
from streaming.desk.pages.live import Live, Subscription
from streaming.desk.pages.surroundings import audited_of
from streaming.desk.scopes import Scope
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import Shell, shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
# How often a page that stays open is asked whether its session still is.
_ASKED_EVERY: Final = 8
_NAME: Final = Query(max_length=200)
_WHERE: Final = "GET /events"


def last_seen(
    since: Annotated[int | None, Query(ge=0)] = None,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> int | None:
    """The last change that a page has: a browser that comes back says it in a header."""
    return int(last_event_id) if last_event_id.isdecimal() else since


@ROUTER.get("/events")
async def board_events(
    request: Request,
    viewer: Annotated[Viewer, needs("alerts.read", quiet=True)],
    unit: Annotated[str, _NAME] = "",
    alert: Annotated[str, _NAME] = "",
    since: Annotated[int | None, Depends(last_seen)] = None,
) -> EventSourceResponse:
    """Changes of a board, or of one alert."""
    shell = shell_of(request)
    scope = viewer.scope(shell.now())
    if alert:
        await run_in_threadpool(_check_alert, request, viewer, alert)
        audience = Audience("alert", scope, alert_id=alert)
    else:
        await run_in_threadpool(check_unit, request, viewer, unit or None)
        audience = Audience("board", scope, unit or None)
    return await _stream(request, viewer, audience, since)


@ROUTER.get("/wall/{unit}/events")
async def wall_events(
    request: Request,
    unit: str,
    viewer: Annotated[Viewer, needs("wall.read", quiet=True)],
    since: Annotated[int | None, Depends(last_seen)] = None,
) -> EventSourceResponse:
    """Changes of a wall."""
    audience = Audience("wall", Scope(frozenset({unit})), unit)
    return await _stream(request, viewer, audience, since)


async def _stream(
    request: Request, viewer: Viewer, audience: Audience, since: int | None
) -> EventSourceResponse:
    live = live_of(request)
    joined = await live.join(audience, viewer.name, since)
    # Our own pulse says more than a comment: the other one is as good as off.
    return EventSourceResponse(
        _events(shell_of(request), viewer, live, joined), ping=3600, send_timeout=10
    )


async def _events(
    shell: Shell, viewer: Viewer, live: Live, joined: Subscription
) -> AsyncIterator[ServerSentEvent]:
    pulses = 0
    try:
        while True:
            message = await joined.messages.get()
            yield _event(message)
            pulses += message.event == "pulse"
            is_asked = message.event == "pulse" and pulses % _ASKED_EVERY == 0
            if is_asked and not await run_in_threadpool(shell.still_in, viewer):
                yield ServerSentEvent("", event="bye")
                return
    finally:
        live.leave(joined)


def live_of(request: Request) -> Live:
    """The live side of the app that a request came to."""
    state = request.app.state
    if not hasattr(state, "live"):
        shell = shell_of(request)
        state.live = Live(shell.desk, shell.templates, _writes_down(shell))
    return cast("Live", state.live)


class _writes_down:  # noqa: N801 used as a function
    """Writes into the audit which alerts an open board shows that it did not show before."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(self, told: Mapping[Subscription, Message], cases: Mapping[str, CaseRow]) -> None:
        found = [
            record
            for one, message in told.items()
            if one.audience.kind == "board"
            and (record := self._record(one, message, cases)) is not None
        ]
        if found:
            head = records.record(self._shell.desk.engine, *found)
            if self._shell.anchors is not None:
                self._shell.anchors.keep(head)

    def _record(
        self, one: Subscription, message: Message, cases: Mapping[str, CaseRow]
    ) -> Record | None:
        fresh = {alert for alert in message.alerts if alert in cases} - one.seen
        one.seen |= fresh
        if not fresh:
            return None
        return Record(
            at=self._shell.now(),
            who=one.viewer,
            action="board.read",
            outcome="ok",
            where=_WHERE,
            alerts=tuple(sorted(fresh)),
            patients=tuple(sorted(audited_of(cases[alert] for alert in fresh))),
        )


def _check_alert(request: Request, viewer: Viewer, alert_id: str) -> None:
    shell = shell_of(request)
    case = shell.desk.cases.one(alert_id)
    if case is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    shell.check_case(request, viewer, case)


def _event(message: Message) -> ServerSentEvent:
    number = None if message.number is None else str(message.number)
    return ServerSentEvent(message.data, event=message.event, id=number)
