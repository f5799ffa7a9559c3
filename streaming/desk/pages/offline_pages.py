"""What a browser shows when the desk cannot be reached: one page without anything of anybody.

Here: that page and the worker that keeps it. Not here: what the worker does (static/sw.js).
"""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from streaming.desk.pages.rendering import STATIC
from streaming.desk.web.guard import public
from streaming.desk.web.shell import shell_of

ROUTER: Final = APIRouter(include_in_schema=False)


@ROUTER.get("/offline", dependencies=[public()])
def offline_page(request: Request) -> Response:
    """That nothing is known, and what to do."""
    return shell_of(request).page(request, "offline.html", None)


@ROUTER.get("/sw.js", dependencies=[public()])
def worker() -> Response:
    """The worker; it has to stand at the root to see every page."""
    return FileResponse(STATIC / "sw.js", media_type="text/javascript")
