"""Logging in and off.

Here: the page, the try, and the way back to where one came from. Not here: whether a try is right
(accounts/attempts.py), or OpenID (openid_pages.py).
"""

import math
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response, status
from fastapi.responses import RedirectResponse

from streaming.desk.accounts import sessions
from streaming.desk.accounts.attempts import Attempt, attempt
from streaming.desk.accounts.people import Person
from streaming.desk.accounts.permissions import allowed
from streaming.desk.accounts.secret_digests import csrf_of, digest_of, new_secret
from streaming.desk.auditing import records
from streaming.desk.store.writing import writing
from streaming.desk.web.guard import Viewer, needs, public
from streaming.desk.web.navigation import home
from streaming.desk.web.shell import Shell, address_of, shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
_LONGEST: Final = 256


@ROUTER.get("/login", dependencies=[public()])
def page(request: Request, next: str = "/") -> Response:  # noqa: A002 the word in the address
    """The form."""
    return form(request, next)


@ROUTER.post("/login", dependencies=[public()])
def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=_LONGEST)] = "",
    password: Annotated[str, Form(max_length=_LONGEST)] = "",
    next: Annotated[str, Form(max_length=2_000)] = "/",  # noqa: A002 the word in the form
) -> Response:
    """A try with name and password."""
    shell = shell_of(request)
    name = name.strip().casefold()
    made = attempt(shell.desk.engine, name, password, address_of(request), shell.now())
    if made.person is not None:
        return let_in(request, made.person, next, "password")
    # A name that has no account may be a password, typed into the wrong field: it is not kept.
    why = f"{made.verdict}: {made.known or 'no such account'}"
    shell.audited(request, None, "login", outcome="refused", why=why)
    code = status.HTTP_429_TOO_MANY_REQUESTS if made.until else status.HTTP_401_UNAUTHORIZED
    return form(request, next, code, _told(made, shell.now()))


@ROUTER.post("/logout")
def log_off(request: Request, viewer: Annotated[Viewer, needs("self")]) -> Response:
    """End the session."""
    shell = shell_of(request)
    with writing(shell.desk.engine) as connection:
        if viewer.session is not None:
            sessions.end(connection, viewer.session)
        records.write(connection, shell.record(request, viewer, "logout"))
    answer = RedirectResponse("/login", status.HTTP_303_SEE_OTHER)
    shell.cookies.take_back(answer)
    # Whoever sits down next finds nothing of the one before.
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


def form(
    request: Request, back: str, code: int = status.HTTP_200_OK, told: str | None = None
) -> Response:
    """The form of the log-in, and the cookie by which it is known again."""
    shell = shell_of(request)
    has_openid = bool(shell.desk.settings.oidc_issuer)
    values = {"next": local(back), "told": told, "has_openid": has_openid}
    return with_form(request, "login.html", code, **values)


def with_form(request: Request, name: str, code: int = 200, **values: object) -> Response:
    """A page with a form for somebody who is not logged in."""
    shell = shell_of(request)
    secret = shell.cookies.form(request) or new_secret()
    answer = shell.page(request, name, None, code, form_token=csrf_of(secret), **values)
    shell.cookies.give_form(answer, secret)
    return answer


def let_in(request: Request, person: Person, back: str, how: str) -> Response:
    """Begin a session and lead to where the person wanted to go."""
    shell = shell_of(request)
    answer = RedirectResponse(led_to(person, back), status.HTTP_303_SEE_OTHER)
    shell.cookies.give_session(answer, begun(shell, request, person, how))
    return answer


def begun(shell: Shell, request: Request, person: Person, how: str) -> str:
    """A new session's secret; one that the browser had before ends."""
    before = shell.cookies.session(request)
    now = shell.now()
    with writing(shell.desk.engine) as connection:
        if before is not None:
            sessions.end(connection, digest_of(before))
        secret = sessions.begin(connection, person.name, shell.limits, now)
        found = sessions.find(connection, digest_of(secret), shell.limits, now)
        viewer = found.viewer if found else None
        records.write(connection, shell.record(request, viewer, "login", why=how))
    return secret


def led_to(person: Person, back: str) -> str:
    """Where a person goes who just logged in."""
    where = local(back)
    return home(allowed(person.roles)) if where == "/" else where


def local(back: str) -> str:
    """A path of ours; whatever leads elsewhere becomes the board."""
    is_path = back.startswith("/") and not back.startswith(("//", "/\\"))
    return back if is_path and back.isprintable() and "\\" not in back else "/"


def _told(made: Attempt, now: datetime) -> str:
    if made.until is None:
        return "Name and password do not belong together."
    seconds = math.ceil((made.until - now).total_seconds())
    return f"Too many wrong tries. Try again in {seconds} seconds."
