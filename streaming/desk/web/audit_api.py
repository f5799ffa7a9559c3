"""The audit for others: FHIR AuditEvents, and the page that leads to them.

Here: a span of time as a Bundle. Not here: the form of an event (auditing/fhir_events.py), or
whether the chain holds (`pulsehouse audit verify`).
"""

import re
from datetime import timedelta
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BeforeValidator

from streaming.desk.auditing import records
from streaming.desk.auditing.fhir_events import bundle
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter()
MOST: Final = 1_000
_SHOWN: Final = 200
_WRITTEN: Final = re.compile(r"\d{4}-\d\d-\d\dT", re.ASCII)
_DAY: Final = timedelta(days=1)


def _written(text: object) -> object:
    """A time as it is written; a number would be taken for seconds since 1970."""
    if isinstance(text, str) and not _WRITTEN.match(text):
        msg = "write a time as 2026-01-16T04:00:00Z"
        raise ValueError(msg)
    return text


Moment = Annotated[
    AwareDatetime | None, BeforeValidator(_written), Query(description="A time with its zone.")
]


class FhirJson(JSONResponse):
    """FHIR's own JSON."""

    media_type = "application/fhir+json"


@ROUTER.get("/api/v1/audit", tags=["audit"], response_class=FhirJson)
def events(
    request: Request,
    viewer: Annotated[Viewer, needs("audit.read")],
    since: Moment = None,
    until: Moment = None,
    after: Annotated[int, Query(ge=0, le=2**62, description="Entries after this number.")] = 0,
) -> Response:
    """Entries of a span of time, the oldest first, as FHIR AuditEvents; a thousand at most."""
    shell = shell_of(request)
    shell.audited(request, viewer, "audit.export")
    found = records.entries(shell.desk.engine, since=since, until=until, after=after)
    resources = bundle(list(islice(found, MOST)))
    return FhirJson(resources)


@ROUTER.get("/audit", include_in_schema=False)
def page(request: Request, viewer: Annotated[Viewer, needs("audit.read")]) -> Response:
    """What was written down in the last day, the newest first."""
    shell = shell_of(request)
    shell.audited(request, viewer, "audit.read")
    shown = records.newest(shell.desk.engine, shell.now() - _DAY, _SHOWN)
    return shell.page(request, "audit.html", viewer, entries=shown, page="audit")
