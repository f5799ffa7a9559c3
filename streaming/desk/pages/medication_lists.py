"""The medication list of a patient as JSON: by facility and number, or by the number alone.

Here: its routes. Not here: what is known (streaming/desk/picture), or the patient's page
(patient_pages.py).

Two hospitals may give one number to two people. Where more than one has it, nobody is answered for
the other: those that the asker may see are named, to choose from.
"""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response, status
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from streaming.desk.pages.patient_pages import allowed
from streaming.desk.pages.surroundings import picture_of
from streaming.desk.picture.picture import Picture
from streaming.desk.picture.views import Key
from streaming.desk.web.guard import Viewer, needs
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(tags=["patients"])
SEVERAL: Final = "Several facilities have a patient of this number: ask with the facility."


class DrugOrder(BaseModel):
    """One drug of one order, as it stands."""

    order_id: str
    drug: str | None
    code: str | None
    route: str | None
    dose: float | None
    dose_unit: str | None
    rate: float | None
    rate_unit: str | None
    state: str
    state_since: datetime | None
    started_at: datetime | None
    ends_at: datetime | None
    told_at: datetime
    change: str | None
    was: dict[str, Any]


class Medications(BaseModel):
    """The drugs in force or held; those that ended since the nightly list are among them."""

    facility: str | None
    patient_id: str
    at: datetime
    as_of: datetime | None
    listed_at: datetime
    drugs: list[DrugOrder]


class Choice(BaseModel):
    """One of several patients of a number, and where the list is."""

    facility: str | None
    href: str | None


class Choices(BaseModel):
    """Why a number alone is not enough, and those whom the asker may see."""

    type: str = "about:blank"
    title: str = HTTPStatus.CONFLICT.phrase
    status: int = status.HTTP_409_CONFLICT
    detail: str = SEVERAL
    choices: list[Choice]


_BY_NUMBER: Final[dict[str, Any]] = {
    "response_model": Medications,
    "responses": {status.HTTP_409_CONFLICT: {"model": Choices}},
}


@ROUTER.get("/api/v1/patients/{facility}/{patient_id}/medications")
@ROUTER.get("/patients/{facility}/{patient_id}/medications")
def medications(
    request: Request,
    facility: str,
    patient_id: str,
    viewer: Annotated[Viewer, needs("patients.read")],
) -> Medications:
    """The medication list of this second, and as of when it is."""
    picture = allowed(request, viewer, facility, patient_id)
    return _list(request, viewer, picture, (facility, patient_id))


@ROUTER.get("/api/v1/patients/{patient_id}/medications", **_BY_NUMBER)
@ROUTER.get("/patients/{patient_id}/medications", **_BY_NUMBER)
def medications_by_number(
    request: Request, patient_id: str, viewer: Annotated[Viewer, needs("patients.read")]
) -> Medications | Response:
    """The same, where only one facility has a patient of this number; 409 names them else."""
    picture = picture_of(shell_of(request).desk)
    if picture is None:
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE)
    found = picture.facilities(patient_id)
    if len(found) > 1:
        return _several(request, viewer, picture, patient_id)
    facility = found[0] if found else None
    allowed(request, viewer, facility, patient_id)
    if not found:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    return _list(request, viewer, picture, (facility, patient_id))


def _list(request: Request, viewer: Viewer, picture: Picture, key: Key) -> Medications:
    shell = shell_of(request)
    found = picture.medications(*key, shell.desk.clock.now())
    shell.audited(request, viewer, "medications.read", patients=[_name(key)])
    return Medications(
        facility=key[0],
        patient_id=key[1],
        at=found.at,
        as_of=found.as_of,
        listed_at=found.listed_at,
        drugs=[DrugOrder(**_fields(asdict(one))) for one in found.drugs],
    )


def _several(request: Request, viewer: Viewer, picture: Picture, patient_id: str) -> JSONResponse:
    """Name those whom the viewer may see; who may see none is refused."""
    shell = shell_of(request)
    keys: list[Key] = [(facility, patient_id) for facility in picture.facilities(patient_id)]
    places = picture.locations(keys, shell.desk.clock.now())
    units = {key: places[key].unit if key in places else None for key in keys}
    mine = [
        key for key in keys if viewer.sees_patient(key[0] or "", key[1], units[key], shell.now())
    ]
    if not mine:
        shell.check_patient(request, viewer, keys[0][0] or "", patient_id, unit=units[keys[0]])
    names = [_name(key) for key in mine]
    shell.audited(
        request, viewer, "medications.read", patients=names, outcome="failed", why=SEVERAL
    )
    choices = Choices(choices=[Choice(facility=key[0], href=_href(key)) for key in mine])
    return JSONResponse(choices.model_dump(), choices.status)


def _href(key: Key) -> str | None:
    facility, patient_id = (quote(part or "", safe="") for part in key)
    return f"/patients/{facility}/{patient_id}/medications" if facility else None


def _name(key: Key) -> str:
    return f"{key[0] or ''}/{key[1]}"


def _fields(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in DrugOrder.model_fields}
