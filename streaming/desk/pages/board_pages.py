"""The board and the wall.

Here: their routes. Not here: what stands on them (boards.py), or what comes later (events_page.py).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response, status

from streaming.desk.pages.boards import WALL_LIMIT, Board, Unit, Wanted, board
from streaming.desk.pages.surroundings import audited_of
from streaming.desk.scopes import Scope
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.refusals import RefusedError
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
_NAME: Final = Query(max_length=200)


@ROUTER.get("/")
def board_page(
    request: Request,
    viewer: Annotated[Viewer, needs("alerts.read")],
    unit: Annotated[str, _NAME] = "",
    after: Annotated[str, _NAME] = "",
) -> Response:
    """What is open, worst first; by htmx the rows alone."""
    shell = shell_of(request)
    chosen = unit or None
    check_unit(request, viewer, chosen)
    wanted = Wanted(chosen, after or None)
    found = board(shell.desk, viewer.scope(shell.now()), wanted, shell.desk.clock.now())
    alerts = [case.alert_id for case in found.cases]
    shell.audited(request, viewer, "board.read", alerts, audited_of(found.cases))
    name = "rows.html" if "hx-request" in request.headers else "board.html"
    return shell.page(request, name, viewer, **_shown(found, wanted), page="board", me=viewer.name)


@ROUTER.get("/wall")
def walls_page(request: Request, viewer: Annotated[Viewer, needs("wall.read")]) -> Response:
    """The walls that there are."""
    shell = shell_of(request)
    units = [unit.name for unit in units_of(request, viewer)]
    return shell.page(request, "walls.html", viewer, units=units, page="wall")


@ROUTER.get("/wall/{unit}")
def wall_page(
    request: Request, unit: str, viewer: Annotated[Viewer, needs("wall.read")]
) -> Response:
    """A unit's board for a screen that everybody sees: nobody is named but colleagues."""
    shell = shell_of(request)
    wanted = Wanted(unit, limit=WALL_LIMIT)
    found = board(shell.desk, Scope(frozenset({unit})), wanted, shell.desk.clock.now())
    name = "wall_rows.html" if "hx-request" in request.headers else "wall.html"
    return shell.page(request, name, viewer, **_shown(found, wanted), page="wall")


def units_of(request: Request, viewer: Viewer) -> tuple[Unit, ...]:
    """The units that a viewer may choose from."""
    shell = shell_of(request)
    scope = viewer.scope(shell.now())
    names = set(scope.units or ()) | {name for name in shell.desk.cases.counts(scope) if name}
    return tuple(Unit(name, 0) for name in sorted(names))


def check_unit(request: Request, viewer: Viewer, unit: str | None) -> None:
    """Refuse another's unit: an empty board would look like a quiet night.

    Raises:
        RefusedError: It is none of theirs; written down.
    """
    shell = shell_of(request)
    if unit is None or viewer.sees_unit(unit, shell.now()):
        return
    way = f"/glass?{urlencode({'unit': unit})}" if viewer.may("glass.break") else None
    refusal = RefusedError("This unit is none of yours.", code=status.HTTP_403_FORBIDDEN, way=way)
    shell.refuse(request, viewer, refusal)


def _shown(found: Board, wanted: Wanted) -> Mapping[str, Any]:
    below = {"unit": wanted.unit, "after": found.cases[-1].alert_id if found.cases else None}
    return {
        "rows": found.rows,
        "tally": found.tally,
        "units": found.units,
        "unit": wanted.unit,
        "limit": wanted.limit,
        "below": found.below,
        "next_query": urlencode({name: value for name, value in below.items() if value}),
        "change": found.change,
    }
