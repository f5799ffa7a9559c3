"""Routes for tests of the shell, as pages declare them, and an app of a desk with them.

Here: factories. Not here: the real pages (tests/streaming/desk/pages).
"""

from typing import Annotated

from fastapi import APIRouter, Request

from streaming.desk.web.app import desk_app
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER = APIRouter()


@ROUTER.get("/probe/board")
def board(request: Request, viewer: Annotated[Viewer, needs("alerts.read")]):
    shell = shell_of(request)
    cases = shell.desk.cases.open(viewer.scope(shell.now()))
    shell.audited(request, viewer, "board.read", [case.alert_id for case in cases])
    return {"cases": [case.alert_id for case in cases], "viewer": viewer.name}


@ROUTER.get("/probe/quiet")
def quiet(viewer: Annotated[Viewer, needs("alerts.read", quiet=True)]):
    return {"viewer": viewer.name}


@ROUTER.get("/probe/alerts/{alert_id}")
def alert(request: Request, viewer: Annotated[Viewer, needs("alerts.read")], alert_id: str):
    case = shell_of(request).desk.cases.one(alert_id)
    shell_of(request).check_case(request, viewer, case)
    return {"title": case.title}


@ROUTER.post("/probe/alerts/{alert_id}/act")
def act(request: Request, viewer: Annotated[Viewer, needs("alerts.act")], alert_id: str):
    shell_of(request).check_case(request, viewer, shell_of(request).desk.cases.one(alert_id))
    shell_of(request).audited(request, viewer, "alert.probe", [alert_id])
    return {"by": viewer.name}


@ROUTER.get("/probe/patients/{facility}/{patient_id}")
def patient(
    request: Request,
    viewer: Annotated[Viewer, needs("patients.read")],
    facility: str,
    patient_id: str,
    unit: str | None = None,
):
    shell_of(request).check_patient(request, viewer, facility, patient_id, unit=unit)
    return {"patient": patient_id}


@ROUTER.get("/probe/page")
def page(request: Request, viewer: Annotated[Viewer, needs("self")], told: str = ""):
    return shell_of(request).page(request, "refused.html", viewer, told=told, way=None)


@ROUTER.get("/probe/bug")
def bug(viewer: Annotated[Viewer, needs("self")]):
    msg = f"the patient SMITH of {viewer.name}"
    raise ValueError(msg)


def probed(desk):
    """The desk's app with the probes."""
    return desk_app(desk, ROUTER)
