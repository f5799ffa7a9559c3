"""Breaking the glass, and the queue in which each time is reviewed.

Here: the form, the queue, and telling the privacy officer. Not here: what broken glass shows
(accounts/viewers.py), or how long (accounts/glass.py).
"""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response, status
from fastapi.responses import RedirectResponse

from streaming.desk.accounts import glass
from streaming.desk.accounts.glass import GlassError, Verdict
from streaming.desk.accounts.viewers import Glass
from streaming.desk.auditing import records
from streaming.desk.store.writing import reading, writing
from streaming.desk.technical import Fault, end_fault, raise_fault
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
ALARM: Final = "glass_broken"
_DETAIL: Final = "review it on the page /review"
_VERDICTS: Final[Mapping[Verdict, str]] = {
    "in_order": "In order",
    "to_follow_up": "To follow up",
}
Text = Annotated[str, Form(max_length=1_000)]


@ROUTER.get("/glass")
def page(
    request: Request,
    viewer: Annotated[Viewer, needs("glass.break")],
    unit: str = "",
    patient: str = "",
) -> Response:
    """The form."""
    return _form(request, viewer, Glass("patient", patient) if patient else Glass("unit", unit))


@ROUTER.post("/glass")
def smash(
    request: Request,
    viewer: Annotated[Viewer, needs("glass.break")],
    unit: Text = "",
    patient: Text = "",
    reason: Text = "",
) -> Response:
    """Break it, and lead to what is behind."""
    shell = shell_of(request)
    wanted = Glass("patient", patient.strip()) if patient.strip() else Glass("unit", unit.strip())
    patients = [wanted.name] if wanted.kind == "patient" else []
    # The unit stands in the reason; a patient stands where patients stand, and nowhere else.
    why = reason.strip() if patients else f"unit {wanted.name}: {reason.strip()}"
    try:
        with writing(shell.desk.engine) as connection:
            now = shell.now()
            made = glass.smash(connection, viewer.name, wanted, reason, now)
            # The privacy officer is told at once, on the roads of technical alarms: a number alone.
            fault = Fault(ALARM, str(made.number), now, _DETAIL)
            raise_fault(connection, shell.desk.planner, fault, now)
            told = shell.record(request, viewer, "glass.break", patients=patients, why=why)
            records.write(connection, told)
    except GlassError as error:
        return _form(request, viewer, wanted, str(error))
    shell.desk.bell.ring()
    where = f"/patients/{wanted.name}" if patients else "/"
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)


@ROUTER.get("/review")
def queue(request: Request, viewer: Annotated[Viewer, needs("reviews.read")]) -> Response:
    """The queue."""
    return _queue(request, viewer)


@ROUTER.post("/review/{number}")
def close(
    request: Request,
    viewer: Annotated[Viewer, needs("reviews.read")],
    number: int,
    verdict: Text = "",
    remark: Text = "",
) -> Response:
    """Say what was found."""
    shell = shell_of(request)
    try:
        with writing(shell.desk.engine) as connection:
            now = shell.now()
            glass.review(connection, number, viewer.name, now, verdict=verdict, remark=remark)
            end_fault(connection, shell.desk.planner, ALARM, str(number), now)
            told = shell.record(request, viewer, "glass.review", why=f"{number}: {verdict}")
            records.write(connection, told)
    except GlassError as error:
        return _queue(request, viewer, str(error))
    return RedirectResponse("/review", status.HTTP_303_SEE_OTHER)


def _form(request: Request, viewer: Viewer, wanted: Glass, told: str | None = None) -> Response:
    values = {
        "unit": wanted.name if wanted.kind == "unit" else "",
        "patient": wanted.name if wanted.kind == "patient" else "",
        "minutes": int(glass.LASTS.total_seconds() // 60),
        "told": told,
        "page": "glass",
    }
    code = status.HTTP_422_UNPROCESSABLE_CONTENT if told else status.HTTP_200_OK
    return shell_of(request).page(request, "glass.html", viewer, code, **values)


def _queue(request: Request, viewer: Viewer, told: str | None = None) -> Response:
    shell = shell_of(request)
    with reading(shell.desk.engine) as connection:
        breaches = glass.queue(connection)
    patients = [one.glass.name for one in breaches if one.glass.kind == "patient"]
    shell.audited(request, viewer, "glass.queue", patients=patients)
    code = status.HTTP_422_UNPROCESSABLE_CONTENT if told else status.HTTP_200_OK
    values = {"breaches": breaches, "verdicts": _VERDICTS, "told": told, "page": "review"}
    return shell.page(request, "review.html", viewer, code, **values)
