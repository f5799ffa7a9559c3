"""The alerts as JSON, for other programs: what the pages show, and the same answers.

Here: `/api/v1`. Not here: the pages, or what an answer does (act_pages.py).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status
from pydantic import BaseModel, Field

from clinical.detection.finding import Severity
from streaming.desk.case_rows import CaseRow
from streaming.desk.pages.act_pages import LONGEST_SNOOZE, LONGEST_WORDS, STORABLE, Told, perform
from streaming.desk.pages.alert_pages import Visit, case_for
from streaming.desk.pages.board_pages import check_unit
from streaming.desk.pages.surroundings import audited_of
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(prefix="/api/v1", tags=["alerts"])
_NAME: Final = Query(max_length=200)
_SHORT: Final = 100
Act = Literal[
    "acknowledge", "unacknowledge", "confirm", "decline", "hand_over", "snooze", "resolve"
]


def acting(request: Request, viewer: Annotated[Viewer, needs("alerts.act")]) -> Visit:
    """A request of somebody who may answer."""
    return Visit(request, viewer)


class Alert(BaseModel):
    """One alert and how far it has come; times are UTC."""

    alert_id: str
    facility: str | None
    patient_id: str | None
    encounter_id: str | None
    unit: str | None
    severity: Severity
    rule: str
    rule_family: str
    title: str
    state: str
    owner: str | None
    offered_to: str | None
    raised_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    next_step_at: datetime | None
    next_step_told: tuple[str, ...]
    drill: bool
    technical: bool


class Alerts(BaseModel):
    """Open alerts, worst first; `after` asks for those below, None where there are none."""

    change: int
    alerts: list[Alert]
    after: str | None


class Entry(BaseModel):
    """One line of an alert's history."""

    at: datetime
    event: str
    by: str | None
    reason: str | None
    note: str | None
    to: str | None
    state: str


class AlertInFull(Alert):
    """An alert with what it rests on and what became of it."""

    evidence: list[dict[str, Any]]
    missing: list[str]
    contexts: list[dict[str, Any]]
    annotations: list[dict[str, Any]]
    rules_version: str | None
    entries: list[Entry]


class Answer(BaseModel):
    """An answer to an alert. `reason` is a code where the act has codes."""

    act: Act
    reason: str = Field("", max_length=_SHORT, pattern=STORABLE)
    note: str = Field("", max_length=LONGEST_WORDS, pattern=STORABLE)
    to: str = Field("", max_length=_SHORT, pattern=STORABLE)
    minutes: int = Field(0, ge=0, le=LONGEST_SNOOZE)


class Outcome(BaseModel):
    """The alert after an answer; `refused` says why nothing was done, in a word and in words."""

    alert: Alert
    refused: str | None
    told: str | None


@ROUTER.get("/alerts")
def open_alerts(
    request: Request,
    viewer: Annotated[Viewer, needs("alerts.read")],
    unit: Annotated[str, _NAME] = "",
    after: Annotated[str, _NAME] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Alerts:
    """Open alerts of the viewer's units."""
    shell = shell_of(request)
    check_unit(request, viewer, unit or None)
    cases = shell.desk.cases
    change = cases.newest_change()
    scope = viewer.scope(shell.now())
    found = cases.open(scope, unit=unit or None, limit=limit, after=after or None)
    shell.audited(
        request, viewer, "board.read", [case.alert_id for case in found], audited_of(found)
    )
    more = found[-1].alert_id if len(found) == limit else None
    return Alerts(change=change, alerts=[Alert(**_alert(case)) for case in found], after=more)


@ROUTER.get("/alerts/{alert_id}")
def one_alert(
    request: Request, alert_id: str, viewer: Annotated[Viewer, needs("alerts.read")]
) -> AlertInFull:
    """One alert, with what it rests on and what became of it."""
    case = case_for(request, viewer, alert_id, "alert.read")
    payload = case.payload
    entries = shell_of(request).desk.cases.entries(alert_id)
    return AlertInFull(
        **_alert(case),
        evidence=list(payload.get("evidence") or ()),
        missing=list(payload.get("missing") or ()),
        contexts=list(payload.get("contexts") or ()),
        annotations=[dict(one) for one in case.annotations],
        rules_version=payload.get("rules_version"),
        entries=[
            Entry(**{name: getattr(one, name) for name in Entry.model_fields}) for one in entries
        ],
    )


def key_of(idempotency_key: Annotated[str, Header(max_length=_SHORT)] = "") -> str:
    """The name of a request: the same one is done once."""
    return idempotency_key


@ROUTER.post("/alerts/{alert_id}/acts", responses={409: {"model": Outcome}})
def answer(
    visit: Annotated[Visit, Depends(acting)],
    alert_id: str,
    asked: Answer,
    key: Annotated[str, Depends(key_of)],
    response: Response,
) -> Outcome:
    """Answer an alert."""
    told = Told(asked.reason, asked.note, asked.to, asked.minutes, idempotency_key=key)
    acted = perform(visit, alert_id, asked.act, told)
    refusal = acted.refusal
    if refusal is not None:
        response.status_code = status.HTTP_409_CONFLICT
    return Outcome(
        alert=Alert(**_alert(cast("CaseRow", acted.case))),
        refused=refusal.why if refusal else None,
        told=refusal.told if refusal else None,
    )


def _alert(case: CaseRow) -> Mapping[str, Any]:
    return {name: getattr(case, name) for name in Alert.model_fields}
