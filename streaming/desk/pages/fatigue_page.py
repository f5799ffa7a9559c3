"""The load that alerts are.

Here: the route. Not here: what is counted (fatigue.py).
"""

from datetime import timedelta
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query, Request, Response

from streaming.desk.pages.bed_days import BedDays
from streaming.desk.pages.fatigue import SPANS, fatigue
from streaming.desk.scopes import Scope
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)


@ROUTER.get("/fatigue")
def fatigue_page(
    request: Request,
    viewer: Annotated[Viewer, needs("fatigue.read")],
    days: Annotated[int, Query(ge=1, le=max(SPANS))] = 7,
) -> Response:
    """Counts of all units: nothing of any patient."""
    shell = shell_of(request)
    until, span = shell.desk.clock.now(), timedelta(days=days)
    cases = shell.desk.cases.history(Scope(None), until - span, until)
    entries = shell.desk.cases.entries_of([case.alert_id for case in cases])
    found = fatigue(cases, entries, _bed_days(request).over(span, until))
    return shell.page(
        request,
        "fatigue.html",
        viewer,
        page="fatigue",
        days=days,
        spans=SPANS,
        measures=found.measures,
        tables=found.tables,
    )


def _bed_days(request: Request) -> BedDays:
    state = request.app.state
    if not hasattr(state, "bed_days"):
        state.bed_days = BedDays(shell_of(request).desk.lake)
    return cast("BedDays", state.bed_days)
