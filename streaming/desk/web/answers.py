"""What a request gets that is not answered as asked.

Here: refusals and errors as a page, as a fragment for htmx, or as JSON (RFC 9457). Not here: why
(guard.py, shell.py, FastAPI itself).

No answer repeats what was sent: it may hold a patient's identifier, and comes into logs.
"""

import traceback
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streaming.desk.web.guard import admitted, needed
from streaming.desk.web.refusals import FromElsewhereError, NotLoggedInError, RefusedError
from streaming.desk.web.shell import shell_of
from streaming.logs import log

API: Final = "/api/"
PROBLEM: Final = "application/problem+json"
_LOGIN: Final = "/login"
# The same address once more: the click then comes from our own page, and the session comes along.
_ONE_MOMENT: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0">'
    "<title>One moment</title><p>One moment.</p></html>"
)
_SORRY: Final = "The desk could not answer. Try again; if it stays so, tell those who run it."
_BROKEN: Final = status.HTTP_500_INTERNAL_SERVER_ERROR
_OURS: Final = str(Path(__file__).parents[2])
_WRONG: Final = "Something in the request is missing or cannot be"


def answer_errors(app: FastAPI) -> None:
    """Let an app answer refusals and errors in our way."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(HTTPException, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(Unforeseen)


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, FromElsewhereError):
        return HTMLResponse(_ONE_MOMENT)
    if isinstance(error, NotLoggedInError):
        return _to_login(request, error)
    if isinstance(error, RefusedError):
        return _told(request, error.code, error.told, way=error.way)
    raise error


def _to_login(request: Request, error: NotLoggedInError) -> Response:
    if _is_machine(request):
        answer = _told(request, error.code, error.told)
        answer.headers["www-authenticate"] = "Bearer"
        return answer
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = f"{_LOGIN}?next={quote(back, safe='')}" if request.method == "GET" else _LOGIN
    if "hx-request" in request.headers:
        answer = _told(request, error.code, error.told)
        answer.headers["hx-redirect"] = _LOGIN
        return answer
    if request.method != "GET":
        return _told(request, error.code, error.told, way=where)
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)


def _failed(request: Request, error: Exception) -> Response:
    if (kept_out := _kept_out(request)) is not None:
        return kept_out
    code = error.status_code if isinstance(error, HTTPException) else 500
    if code == status.HTTP_413_CONTENT_TOO_LARGE:
        log().warning("body_too_long")
    headers = getattr(error, "headers", None) or {}
    answer = _told(request, code, HTTPStatus(code).phrase)
    answer.headers.update(headers)
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    if (kept_out := _kept_out(request)) is not None:
        return kept_out
    places = error.errors() if isinstance(error, RequestValidationError) else []
    names = sorted({str(place["loc"][-1]) for place in places if len(place["loc"]) > 1})
    told = f"{_WRONG}: {', '.join(names)}." if names else f"{_WRONG}."
    return _told(request, status.HTTP_422_UNPROCESSABLE_CONTENT, told)


def _kept_out(request: Request) -> Response | None:
    """The refusal of who may not ask at all: a body is read, and found wrong, before the guard."""
    permission = needed(request.scope.get("route"))
    if permission is None:
        return None
    try:
        admitted(shell_of(request), request, permission)
    except RefusedError as refusal:
        return _refused(request, refusal)
    return None


class Unforeseen:
    """Answers errors that nobody foresaw, and lets none of them out.

    Of such an error only the kind is logged: its text, and every line of a traceback that shows
    it, may name a patient.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Around an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log().error("request_failed", error=_told_of(error))
            if has_begun or scope["type"] != "http":
                # What was promised cannot be kept: the connection is cut, so that it shows.
                msg = "an answer of the desk broke off"
                raise RuntimeError(msg) from None
            answer = _told(Request(scope, receive), _BROKEN, _SORRY)
            await answer(scope, receive, send)


def _told_of(error: Exception) -> str:
    """Kind and place of an error: file and line of our own code, and nothing that it says."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if _OURS in frame.filename
    ]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _told(request: Request, code: int, told: str, *, way: str | None = None) -> Response:
    if _is_machine(request):
        title = HTTPStatus(code).phrase
        body = {"type": "about:blank", "title": title, "status": code, "detail": told}
        return JSONResponse(body, code, media_type=PROBLEM)
    if "hx-request" in request.headers:
        return HTMLResponse(f'<p class="refusal" role="alert">{escape(told)}</p>', code)
    return shell_of(request).page(request, "refused.html", None, code, told=told, way=way)


def _is_machine(request: Request) -> bool:
    # A browser says that it takes pages; whoever does not say so is answered as a machine.
    takes_pages = (
        "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers
    )
    is_api = request.url.path.startswith(API) or "authorization" in request.headers
    return is_api or not takes_pages
