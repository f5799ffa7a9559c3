"""The message that a value of an alert came from, as it was received.

Here: the route; only messages that an alert rests on can be asked for. Not here: the lake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response, status

from lakehouse.catalogue import read
from lakehouse.tables import RAW_MESSAGES
from streaming.desk.desk import Desk
from streaming.desk.pages.alert_pages import case_for
from streaming.desk.pages.boards import rows_of
from streaming.desk.pages.readings import places
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
_COLUMNS: Final = ("raw", "received_at", "disposition", "feed", "partition", "offset")
_THIS: Final = 'feed = ? and partition = ? and "offset" = ?'


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands in the lake."""

    feed: Annotated[str, Path(max_length=200)]
    partition: Annotated[int, Path(ge=0, lt=2**31)]
    offset: Annotated[int, Path(ge=0, lt=2**63)]


@ROUTER.get("/alerts/{alert_id}/messages/{feed}/{partition}/{offset}")
def message_page(
    request: Request,
    alert_id: str,
    place: Annotated[Place, Depends()],
    viewer: Annotated[Viewer, needs("patients.read")],
) -> Response:
    """One message, verbatim."""
    shell = shell_of(request)
    case = case_for(request, viewer, alert_id, "message.read")
    wanted = (place.feed, place.partition, place.offset)
    if wanted not in places(case.payload.get("evidence") or ()):
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    found = message(shell.desk, wanted)
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    row = rows_of(shell.desk, [case], shell.desk.clock.now())[0]
    values = {name: found[name] for name in _COLUMNS if name != "raw"}
    return shell.page(
        request, "message.html", viewer, row=row, text=as_text(found["raw"]), **values
    )


def message(desk: Desk, place: tuple[str, int, int]) -> Mapping[str, Any] | None:
    """A message of the lake; None where it is not there any more."""
    rows = read(desk.lake, RAW_MESSAGES, _COLUMNS, where=_THIS, parameters=place).to_pylist()
    return rows[0] if rows else None


def as_text(raw: bytes) -> str:
    """Bytes as lines to read: HL7's segments end with a carriage return alone."""
    text = raw.decode("utf-8", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
