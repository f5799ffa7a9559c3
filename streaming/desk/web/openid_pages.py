"""Logging in with the hospital's own accounts: there, and back.

Here: the two routes. Not here: what is asked and proved (accounts/openid.py).
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import escape

from streaming.desk.accounts import openid
from streaming.desk.accounts.openid import Claims, Login, OpenIdError, Provider
from streaming.desk.accounts.people import Person
from streaming.desk.accounts.secret_digests import equal
from streaming.desk.store.writing import writing
from streaming.desk.web.guard import public
from streaming.desk.web.login_pages import begun, form, led_to, local
from streaming.desk.web.shell import Shell, shell_of

CALLBACK: Final = "/login/openid/back"
_UNKNOWN: Final = "You have no account at this desk. Ask those who run it for one."
_AGAIN: Final = "That log-in took too long or was used already. Try again."
Text = Annotated[str, Query(max_length=4_000)]


def openid_router(provider: Provider) -> APIRouter:
    """The routes of a provider."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login/openid", dependencies=[public()])
    async def leave(request: Request, next: Text = "/") -> Response:  # noqa: A002 the address' word
        """Send the browser to the provider."""
        shell = shell_of(request)
        try:
            url, login = await provider.begin(_callback(shell, request), local(next))
        except OpenIdError as error:
            return await run_in_threadpool(_refused, request, "/", str(error))
        secret = await run_in_threadpool(_kept, shell, login)
        answer = RedirectResponse(url, status.HTTP_302_FOUND)
        shell.cookies.give_openid(answer, secret)
        return answer

    @router.get(CALLBACK, dependencies=[public()])
    async def come_back(request: Request, code: Text = "", state: Text = "") -> Response:
        """Take what the provider sends back, once."""
        shell = shell_of(request)
        login = await run_in_threadpool(_taken, shell, request)
        if login is None or not code or not equal(login.state, state):
            return await run_in_threadpool(_refused, request, "/", _AGAIN)
        try:
            claims = await provider.finish(login, code, _callback(shell, request))
        except OpenIdError as error:
            return await run_in_threadpool(_refused, request, login.back, str(error))
        return await run_in_threadpool(_entered, request, provider.issuer, claims, login.back)

    return router


def _callback(shell: Shell, request: Request) -> str:
    base = shell.desk.settings.desk_url.rstrip("/") or str(request.base_url).rstrip("/")
    return base + CALLBACK


def _kept(shell: Shell, login: Login) -> str:
    with writing(shell.desk.engine) as connection:
        return openid.keep(connection, login, shell.now())


def _taken(shell: Shell, request: Request) -> Login | None:
    if (secret := shell.cookies.openid(request)) is None:
        return None
    with writing(shell.desk.engine) as connection:
        return openid.take(connection, secret, shell.now())


def _entered(request: Request, issuer: str, claims: Claims, back: str) -> Response:
    person = _person(shell_of(request), issuer, claims)
    return _refused(request, back, _UNKNOWN) if person is None else _into(request, person, back)


def _person(shell: Shell, issuer: str, claims: Claims) -> Person | None:
    with writing(shell.desk.engine) as connection:
        return openid.person_of(connection, issuer, claims)


def _into(request: Request, person: Person, back: str) -> Response:
    shell = shell_of(request)
    # A redirect would still count as coming from the provider, and the strict cookie would stay
    # behind: a page of ours leads on.
    where = escape(led_to(person, back))
    answer = HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Logged in</title>'
        f'<meta http-equiv="refresh" content="0;url={where}"><p><a href="{where}">Go on</a></p>'
    )
    shell.cookies.give_session(answer, begun(shell, request, person, "openid"))
    return answer


def _refused(request: Request, back: str, told: str) -> Response:
    shell_of(request).audited(request, None, "login", outcome="refused", why=told)
    return form(request, back, status.HTTP_401_UNAUTHORIZED, told)
