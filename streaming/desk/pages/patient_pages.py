"""A patient's page, and who may see it.

Here: its route. Not here: what is known (streaming/desk/picture), its words (patients.py), or the
medication list as JSON (medication_lists.py).
"""

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Request, Response, status

from streaming.desk.pages.patients import patient
from streaming.desk.pages.surroundings import picture_of
from streaming.desk.picture.picture import Picture
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter()


@ROUTER.get("/patients/{facility}/{patient_id}", include_in_schema=False)
def patient_page(
    request: Request,
    facility: str,
    patient_id: str,
    viewer: Annotated[Viewer, needs("patients.read")],
) -> Response:
    """The patient as known now."""
    shell = shell_of(request)
    picture = allowed(request, viewer, facility, patient_id)
    found = patient(shell.desk, picture, facility, patient_id, shell.desk.clock.now())
    values = {name: getattr(found, name) for name in found.__slots__}
    shell.audited(request, viewer, "patient.read", patients=[f"{facility}/{patient_id}"])
    return shell.page(request, "patient.html", viewer, **values)


def allowed(request: Request, viewer: Viewer, facility: str | None, patient_id: str) -> Picture:
    """The picture, where the patient is on one of the viewer's units and somebody knows of them.

    Raises:
        HTTPException: No picture is kept here.
        RefusedError: It is none of theirs; written down.
    """
    shell = shell_of(request)
    picture = picture_of(shell.desk)
    if picture is None:
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE)
    place = picture.location(facility, patient_id, shell.desk.clock.now())
    unit = place.unit if place else None
    shell.check_patient(request, viewer, facility or "", patient_id, unit=unit)
    return picture
