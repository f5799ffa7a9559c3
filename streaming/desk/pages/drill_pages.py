"""Drills: alerts that are none, to see who answers.

Here: their page. Not here: what a drill is (cases.py).
"""

from typing import Annotated, Final, cast
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response, status
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from clinical.alerts import SEVERITIES
from clinical.detection.finding import Severity
from streaming.desk.auditing import records
from streaming.desk.pages import words
from streaming.desk.pages.asks import Choice
from streaming.desk.pages.board_pages import check_unit, units_of
from streaming.desk.pages.boards import rows_of
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)


@ROUTER.get("/drills")
def drills_page(request: Request, viewer: Annotated[Viewer, needs("drills.start")]) -> Response:
    """The drills that run, and the form of a new one."""
    shell = shell_of(request)
    now = shell.desk.clock.now()
    cases = shell.desk.cases.open(viewer.scope(shell.now()), limit=1000)
    return shell.page(
        request,
        "drills.html",
        viewer,
        page="drills",
        units=[unit.name for unit in units_of(request, viewer)],
        levels=[Choice(one, words.LEVELS[one]) for one in reversed(SEVERITIES)],
        drills=rows_of(shell.desk, [case for case in cases if case.drill], now),
    )


@ROUTER.post("/drills")
def start_drill(
    request: Request,
    viewer: Annotated[Viewer, needs("drills.start")],
    unit: Annotated[str, Form(min_length=1, max_length=200)],
    severity: Annotated[str, Form(pattern=f"^({'|'.join(SEVERITIES)})$")],
) -> Response:
    """Raise one."""
    shell = shell_of(request)
    check_unit(request, viewer, unit)
    record = shell.record(request, viewer, "drill.start")

    def with_it(connection: Connection) -> None:
        records.write(connection, record)

    now = shell.desk.clock.now()
    made = shell.desk.cases.drill(unit, cast("Severity", severity), viewer.name, now, with_it)
    return RedirectResponse(f"/alerts/{quote(made, safe='')}", status.HTTP_303_SEE_OTHER)
