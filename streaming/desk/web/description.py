"""What the desk's API says of itself: OpenAPI, with its errors as they really are.

Here: the description's route, and the answers that every route may give. Not here: the routes
(pages/, audit_api.py).
"""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from streaming.desk.web.guard import public

ROUTER: Final = APIRouter(include_in_schema=False)
_PROBLEM: Final = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["title", "status", "detail"],
}
_TOLD: Final = {
    400: "The request cannot be read.",
    401: "Nobody is logged in, and no valid token came along.",
    403: "The role, the token or the unit does not include this.",
    404: "There is no such thing.",
    409: "Somebody else was quicker, or this was done before.",
    413: "The request is too long.",
    422: "Something in the request is missing or cannot be.",
}
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"description": told, "content": {"application/problem+json": {"schema": _PROBLEM}}}
    for code, told in _TOLD.items()
}


@ROUTER.get("/api/v1/openapi.json", dependencies=[public()])
def description(request: Request) -> Response:
    """The description; it holds nothing of a patient."""
    return JSONResponse(request.app.openapi())
