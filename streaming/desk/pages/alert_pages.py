"""One alert: its page, the forms of its answers, and the message that a value came from.

Here: routes that read. Not here: the answers themselves (act_pages.py).
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query, Request, Response, status

from streaming.desk.case_rows import CaseRow
from streaming.desk.pages.asks import ask
from streaming.desk.pages.boards import rows_of
from streaming.desk.pages.details import detail
from streaming.desk.pages.surroundings import audited_of, colleagues
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request and who makes it."""

    request: Request
    viewer: Viewer


View = Annotated[str, Query(pattern="^(row|detail)$")]


@ROUTER.get("/alerts/{alert_id}")
def alert_page(
    request: Request, alert_id: str, viewer: Annotated[Viewer, needs("alerts.read")]
) -> Response:
    """The alert; by htmx without the frame of the page."""
    case = case_for(request, viewer, alert_id, "alert.read")
    name = "alert_detail.html" if "hx-request" in request.headers else "alert.html"
    return detail_page(Visit(request, viewer), case, name)


@ROUTER.get("/alerts/{alert_id}/ask/{event}")
def ask_page(
    request: Request,
    alert_id: str,
    event: str,
    viewer: Annotated[Viewer, needs("alerts.act")],
    view: View = "row",
) -> Response:
    """What an answer needs to be told: a dialog for htmx, else a page."""
    case = case_for(request, viewer, alert_id, "alert.ask")
    shell = shell_of(request)
    found = ask(event, case, viewer.name, colleagues(shell.desk))
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    name = "ask_form.html" if "hx-request" in request.headers else "ask.html"
    row = rows_of(shell.desk, [case], shell.desk.clock.now())[0]
    return shell.page(request, name, viewer, ask=found, row=row, view=view)


def case_for(request: Request, viewer: Viewer, alert_id: str, action: str) -> CaseRow:
    """A case that a viewer may see; written down.

    Raises:
        HTTPException: There is none.
        RefusedError: It is not theirs.
    """
    shell = shell_of(request)
    case = shell.desk.cases.one(alert_id)
    if case is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    shell.check_case(request, viewer, case)
    shell.audited(request, viewer, action, [alert_id], audited_of([case]))
    return case


def detail_page(
    visit: Visit,
    case: CaseRow,
    name: str = "alert.html",
    code: int = status.HTTP_200_OK,
    said: str = "",
) -> Response:
    """The page of a case, with what is said of the answer just given."""
    request, viewer = visit.request, visit.viewer
    shell = shell_of(request)
    change = shell.desk.cases.newest_change()
    found = detail(shell.desk, case, viewer.name, shell.desk.clock.now())
    values = {name: getattr(found, name) for name in found.__slots__}
    values |= {"view": "detail", "me": viewer.name, "change": change, "said": said}
    return shell.page(request, name, viewer, code, **values)
