"""Answers to alerts: acknowledge, confirm, decline, hand over, snooze, resolve, give back.

Here: what a press of a button asks of the desk, and the row that it gets back. Not here: what an
act does (cases.py), or which is allowed (clinical/alerts).

A request that is tried again, with the same Idempotency-Key, is done once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Form, Header, HTTPException, Request, Response, status
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from clinical.alerts import Act, Event
from streaming.desk.auditing import records
from streaming.desk.case_rows import Acted, CaseRow
from streaming.desk.pages.alert_pages import Visit, detail_page
from streaming.desk.pages.boards import rows_of
from streaming.desk.pages.surroundings import audited_of
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
# What people do; everything else the desk does itself.
ACTS: Final[tuple[Event, ...]] = (
    "acknowledge",
    "unacknowledge",
    "confirm",
    "decline",
    "hand_over",
    "snooze",
    "resolve",
)
LONGEST_WORDS: Final = 500
LONGEST_SNOOZE: Final = 24 * 60
_SHORT: Final = 100
# PostgreSQL has no text that holds a NUL.
STORABLE: Final = r"^[^\x00]*$"


@dataclass(frozen=True, slots=True)
class Told:
    """What came with an act."""

    reason: Annotated[str, Form(max_length=_SHORT, pattern=STORABLE)] = ""
    words: Annotated[str, Form(max_length=LONGEST_WORDS, pattern=STORABLE)] = ""
    to: Annotated[str, Form(max_length=_SHORT, pattern=STORABLE)] = ""
    minutes: Annotated[int, Form(ge=0, le=LONGEST_SNOOZE)] = 0
    view: Annotated[str, Form(pattern="^(row|detail)$")] = "row"
    idempotency_key: Annotated[str, Header(max_length=_SHORT)] = ""


@ROUTER.post("/alerts/{alert_id}/{event}")
def act_page(
    request: Request,
    alert_id: str,
    event: str,
    viewer: Annotated[Viewer, needs("alerts.act")],
    told: Annotated[Told, Depends()],
) -> Response:
    """Do it, and give back the alert as it stands now: as a row, as a detail, or by going there."""
    visit = Visit(request, viewer)
    acted = perform(visit, alert_id, event, told)
    case = cast("CaseRow", acted.case)
    said = acted.refusal.told if acted.refusal else ""
    code = status.HTTP_409_CONFLICT if acted.refusal else status.HTTP_200_OK
    if "hx-request" not in request.headers:
        if not said:
            return RedirectResponse(request.url.path.rpartition("/")[0], status.HTTP_303_SEE_OTHER)
        return detail_page(visit, case, code=code, said=said)
    if told.view == "detail":
        return detail_page(visit, case, "alert_detail.html", code, said)
    shell = shell_of(request)
    row = rows_of(shell.desk, [case], shell.desk.clock.now())[0]
    return shell.page(request, "row.html", viewer, code, row=row, me=viewer.name, said=said)


def perform(visit: Visit, alert_id: str, event: str, told: Told) -> Acted:
    """Do an act for a viewer, written down in the same transaction.

    Raises:
        HTTPException: There is no such case, or no such act.
        RefusedError: The case is not theirs.
    """
    request, viewer = visit.request, visit.viewer
    shell = shell_of(request)
    case = shell.desk.cases.one(alert_id)
    if case is None or event not in ACTS:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    shell.check_case(request, viewer, case)
    record = shell.record(request, viewer, f"alert.{event}", [alert_id], audited_of([case]))

    def with_it(connection: Connection, acted: Acted) -> None:
        refusal = acted.refusal
        refused = replace(record, outcome="refused", why=refusal.why) if refusal else record
        records.write(connection, refused)

    act = _act(cast("Event", event), shell.desk.clock.now(), viewer.name, told)
    return shell.desk.cases.act(alert_id, act, told.idempotency_key or token_hex(16), with_it)


def _act(event: Event, now: datetime, by: str, told: Told) -> Act:
    return Act(
        event,
        now,
        by=by,
        reason=told.reason or None,
        note=told.words.strip() or None,
        to=told.to or None,
        until=now + timedelta(minutes=told.minutes) if told.minutes else None,
    )
