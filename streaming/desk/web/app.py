"""The desk's web app: its routes, behind the guard.

Here: `desk_app`, which puts everything together. Not here: serving it (streaming/desk/running.py),
or any page.
"""

from importlib import import_module
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from lakehouse.settings import Settings
from streaming.desk.accounts import sessions
from streaming.desk.auditing.anchors import Anchors
from streaming.desk.clock import Anchored
from streaming.desk.desk import Desk
from streaming.desk.pages.rendering import STATIC, environment
from streaming.desk.pages.routers import ROUTERS
from streaming.desk.web import (
    audit_api,
    callbacks,
    description,
    glass_pages,
    login_pages,
    password_pages,
)
from streaming.desk.web.answers import answer_errors
from streaming.desk.web.cookies import Cookies
from streaming.desk.web.description import ERRORS
from streaming.desk.web.flooding import Flood
from streaming.desk.web.guard import check_routes
from streaming.desk.web.headers import Strict, known_hosts
from streaming.desk.web.shell import Shell

TEMPLATES: Final = Path(__file__).with_name("templates")
# No form of ours is longer; what is, is refused unread.
LONGEST_BODY: Final = 64 * 1024

SHELL_ROUTERS: Final = (
    login_pages.ROUTER,
    password_pages.ROUTER,
    glass_pages.ROUTER,
    audit_api.ROUTER,
    callbacks.ROUTER,
    description.ROUTER,
)


def desk_app(desk: Desk, *routers: APIRouter) -> FastAPI:
    """The app of an open desk, with further routers beside its own.

    Raises:
        RuntimeError: A route does not say what it needs.
    """
    shell = shell_for(desk)
    app = FastAPI(
        title="Pulsehouse desk",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        max_body_size=LONGEST_BODY,
        responses=ERRORS,
    )
    app.state.shell = shell
    for router in (*SHELL_ROUTERS, *_openid(desk.settings), *ROUTERS, *routers):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    answer_errors(app)
    check_routes(app)
    hosts = known_hosts(desk.settings)
    secure = shell.cookies.is_secure
    app.add_middleware(Strict, hosts=hosts, longest=LONGEST_BODY, is_secure=secure)
    return app


def _openid(settings: Settings) -> tuple[APIRouter, ...]:
    if not settings.oidc_issuer:
        return ()
    # authlib takes a quarter of a second to import, for those who use it.
    pages = import_module("streaming.desk.web.openid_pages")
    provider = import_module("streaming.desk.accounts.openid").Provider(settings)
    return (pages.openid_router(provider),)


def shell_for(desk: Desk) -> Shell:
    """The shell of an open desk."""
    return Shell(
        desk=desk,
        clock=Anchored.system() if desk.clock.rehearses else desk.clock,
        limits=sessions.limits(desk.settings),
        cookies=Cookies.of(desk.settings),
        anchors=None if desk.clock.rehearses else Anchors(desk.lake.root),
        flood=Flood(),
        templates=environment(ZoneInfo(desk.settings.hospital_zone), TEMPLATES),
    )
