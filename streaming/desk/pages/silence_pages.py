"""Silences: what a unit does not want to be told of for a while.

Here: their page. Not here: what a silence hides (clinical/routing), or keeping it (silencing.py).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response, status
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from clinical.detection.manifest import CRITICAL_RESULT
from clinical.detection.rules import FAMILIES
from clinical.routing import Silence
from streaming.desk.auditing import records
from streaming.desk.auditing.chain import Record
from streaming.desk.pages import naming
from streaming.desk.pages.asks import Choice
from streaming.desk.pages.board_pages import check_unit, units_of
from streaming.desk.pages.surroundings import colleagues
from streaming.desk.silencing import Wish
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.refusals import RefusedError
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
# The longest outlasts a night; what is to be quiet for longer belongs into the routes.
SPANS: Final = (30, 60, 120, 240, 480, 720)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence as the form says it."""

    unit: Annotated[str, Form(max_length=200)] = ""
    rule_family: Annotated[str, Form(max_length=200)] = ""
    minutes: Annotated[int, Form(ge=1, le=max(SPANS))] = SPANS[0]
    reason: Annotated[str, Form(min_length=1, max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A silence as the page says it."""

    number: str
    what: str
    reason: str
    by: str
    until: Any


@ROUTER.get("/silences")
def silences_page(request: Request, viewer: Annotated[Viewer, needs("silences.read")]) -> Response:
    """What is silenced now, and the form of a new silence."""
    shell = shell_of(request)
    names = colleagues(shell.desk)
    found = shell.desk.cases.silences(shell.desk.clock.now())
    return shell.page(
        request,
        "silences.html",
        viewer,
        page="silences",
        silences=[_shown(one, names.get(one.by, one.by)) for one in found],
        units=[unit.name for unit in units_of(request, viewer)],
        families=_families(),
        spans=[Choice(str(one), _length(one)) for one in SPANS],
        said="",
    )


@ROUTER.post("/silences")
def silence(
    request: Request,
    viewer: Annotated[Viewer, needs("silences.write")],
    wanted: Annotated[Wanted, Depends()],
) -> Response:
    """Keep one; of a viewer's own units, also where none is named."""
    shell = shell_of(request)
    check_unit(request, viewer, wanted.unit or None)
    now = shell.desk.clock.now()
    mine = viewer.scope(shell.now()).units
    units = [wanted.unit] if wanted.unit else sorted(mine or ())
    if not units and mine is not None:
        shell.refuse(request, viewer, RefusedError("You have no unit to silence."))
    match = {"unit": units} if units else {}
    match |= {"family": [wanted.rule_family]} if wanted.rule_family else {}
    until = now + timedelta(minutes=wanted.minutes)
    record = shell.record(request, viewer, "silence.begin")
    wish = Wish(match, now, until, viewer.name, wanted.reason)
    shell.desk.cases.silence(wish, _written(record))
    return RedirectResponse("/silences", status.HTTP_303_SEE_OTHER)


@ROUTER.post("/silences/{number}/end")
def end_silence(
    request: Request, number: int, viewer: Annotated[Viewer, needs("silences.write")]
) -> Response:
    """End one at once."""
    shell = shell_of(request)
    now = shell.desk.clock.now()
    standing = {one.silence_id: one for one in shell.desk.cases.silences(now)}
    found = standing.get(str(number))
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    for unit in found.match.unit:
        check_unit(request, viewer, unit)
    record = shell.record(request, viewer, "silence.end")
    shell.desk.cases.end_silence(number, viewer.name, now, _written(record))
    return RedirectResponse("/silences", status.HTTP_303_SEE_OTHER)


class _written:  # noqa: N801 used as a function
    """Writes a record into a transaction."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __call__(self, connection: Connection) -> None:
        records.write(connection, self._record)


def _shown(one: Silence, by: str) -> Shown:
    units = ", ".join(one.match.unit) or "every unit"
    kinds = ", ".join(naming.plain(family) for family in one.match.family) or "every kind"
    what = f"{kinds}, {units}" + (", one patient" if one.patient else "")
    return Shown(one.silence_id, what, one.reason, by, one.ends_at)


def _families() -> list[Choice]:
    names = [*(family.name for family in FAMILIES if family.name != CRITICAL_RESULT)]
    return [Choice(name, naming.long(name)) for name in sorted(names)]


def _length(minutes: int) -> str:
    return f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} h"
