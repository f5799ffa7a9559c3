"""Who comes in: every route says what it needs, and nothing is answered without it.

Here: the dependency that each route declares, and the check at the start that each does. Not here:
what a role may do (accounts/permissions.py), or what a refusal looks like (answers.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Depends, FastAPI, Request, status
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import Mount

from streaming.desk.accounts import service_tokens, sessions
from streaming.desk.accounts.permissions import Permission
from streaming.desk.accounts.secret_digests import csrf_of, digest_of
from streaming.desk.accounts.sessions import Session
from streaming.desk.accounts.viewers import Viewer
from streaming.desk.store.writing import reading, writing
from streaming.desk.web import origins
from streaming.desk.web.refusals import FromElsewhereError, NotLoggedInError, RefusedError
from streaming.desk.web.shell import Shell, shell_of

__all__ = ["Needs", "Public", "Viewer", "check_routes", "needs", "policies", "public"]

# Folders of our own files: no page, nothing of a patient.
OPEN_MOUNTS: Final = frozenset({"/static"})


@dataclass(frozen=True, slots=True)
class Needs:
    """A route that needs a permission; `quiet` where a page asks by itself, which is no click."""

    permission: Permission
    quiet: bool = False

    async def __call__(self, request: Request) -> Viewer:
        """The viewer, where everything is in order.

        Raises:
            RefusedError: Not logged in, not allowed, or not from our own page; written down.
        """
        shell = shell_of(request)
        viewer, is_due = await run_in_threadpool(admitted, shell, request, self.permission)
        if request.method not in origins.SAFE and not viewer.is_machine:
            await _check_page(shell, request, viewer, viewer.csrf)
        if is_due and not self.quiet:
            await run_in_threadpool(_note_click, shell, viewer)
        return viewer


@dataclass(frozen=True, slots=True)
class Public:
    """A route that needs no log-in; what it takes in, comes out of a form of ours unless signed."""

    signed: bool = False

    async def __call__(self, request: Request) -> None:
        """Nothing, where everything is in order.

        Raises:
            RefusedError: A form that is not ours; written down.
        """
        if request.method in origins.SAFE or self.signed:
            return
        shell = shell_of(request)
        secret = shell.cookies.form(request)
        await _check_page(shell, request, None, csrf_of(secret) if secret else "")


def needs(permission: Permission, *, quiet: bool = False) -> Any:  # noqa: ANN401 as FastAPI's own
    """The declaration of a route that takes its viewer from it."""
    return Depends(Needs(permission, quiet))


def public(*, signed: bool = False) -> Any:  # noqa: ANN401 as FastAPI's own
    """What a route declares that needs no log-in; `signed` where the request proves itself."""
    return Depends(Public(signed))


def policies(app: FastAPI) -> Iterator[tuple[RouteContext, tuple[Needs | Public, ...]]]:
    """Every route with what it declares."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount) and route.path in OPEN_MOUNTS:
            continue
        dependant = getattr(route, "dependant", None)
        yield route, tuple(_declared(dependant)) if dependant is not None else ()


def check_routes(app: FastAPI) -> None:
    """Refuse to start with a route that says nothing, or says two things.

    Raises:
        RuntimeError: There is one.
    """
    for route, declared in policies(app):
        if len(declared) != 1:
            msg = f"the route {route.path} declares {len(declared)} policies; it needs exactly one"
            raise RuntimeError(msg)


def needed(route: object) -> Permission | None:
    """The permission that a matched route needs; None where it needs none."""
    dependant = getattr(route, "dependant", None)
    declared = _declared(dependant) if dependant is not None else ()
    return next((one.permission for one in declared if isinstance(one, Needs)), None)


def _declared(dependant: Dependant) -> Iterator[Needs | Public]:
    for one in dependant.dependencies:
        if isinstance(one.call, Needs | Public):
            yield one.call
        yield from _declared(one)


def admitted(shell: Shell, request: Request, permission: Permission) -> tuple[Viewer, bool]:
    """Who asks, if they may; and whether their click has to be noted.

    Raises:
        RefusedError: They may not; written down.
    """
    now = shell.now()
    found = _session(shell, request, now)
    if found is None:
        if request.method == "GET" and origins.leads_in(request.headers):
            raise FromElsewhereError
        shell.refuse(request, None, NotLoggedInError())
    if not found.viewer.may(permission):
        shell.refuse(request, found.viewer, RefusedError("Your role does not include this."))
    return found.viewer, found.is_due(now)


def _session(shell: Shell, request: Request, now: datetime) -> Session | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    secret = shell.cookies.session(request)
    with reading(shell.desk.engine) as connection:
        if scheme.casefold() == "bearer":
            viewer = service_tokens.find(connection, token.strip(), now)
            return Session(viewer, now) if viewer is not None else None
        if secret is None:
            return None
        return sessions.find(connection, digest_of(secret), shell.limits, now)


def _note_click(shell: Shell, viewer: Viewer) -> None:
    if viewer.session is not None:
        with writing(shell.desk.engine) as connection:
            sessions.touch(connection, viewer.session, shell.now())


async def _check_page(shell: Shell, request: Request, viewer: Viewer | None, expected: str) -> None:
    if origins.is_ours(request.headers) and await origins.has_token(request, expected):
        return
    told = "This did not come from a page of this desk: open the page again and repeat."
    refusal = RefusedError(told, code=status.HTTP_403_FORBIDDEN)
    await run_in_threadpool(shell.refuse, request, viewer, refusal)
