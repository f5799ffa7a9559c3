"""What every answer carries, and which host names are answered at all.

Here: the headers that keep a browser strict, as one layer around the app. Not here: cookies
(cookies.py), or what is on the page.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lakehouse.settings import Settings
from streaming.desk.loopback import is_loopback
from streaming.logs import log

STATIC: Final = "/static/"
# No script, style, font or frame but our own files; nothing inline; nobody frames us.
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
STRICT: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Pages hold patients: no cache on the way, none in the browser. Our own files may be asked after.
_NO_STORE: Final = "no-store"
_ASK_AGAIN: Final = "no-cache"
_TWO_YEARS: Final = "max-age=63072000"


def known_hosts(settings: Settings) -> frozenset[str] | None:
    """The host names that are answered; None for all, where TLS proves the name.

    On loopback a foreign site could give its own name our address, and read what we answer.
    """
    if not is_loopback(settings.desk_host):
        return None
    named = urlsplit(settings.desk_url).hostname
    ours = {"localhost", "127.0.0.1", "::1", settings.desk_host.casefold()}
    return frozenset(ours | ({named} if named else set()))


class Strict:
    """Adds the headers, and refuses hosts that are not ours, and bodies that nobody needs."""

    def __init__(
        self, app: ASGIApp, hosts: Iterable[str] | None, *, longest: int, is_secure: bool
    ) -> None:
        """Around an app. Args: hosts: None for all. longest: A body of more bytes is not read."""
        self._app = app
        self._longest = longest
        self._hosts = None if hosts is None else frozenset(hosts)
        self._always = STRICT | ({"strict-transport-security": _TWO_YEARS} if is_secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cached = _ASK_AGAIN if scope["path"].startswith(STATIC) else _NO_STORE

        async def strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._always)
                headers.setdefault("cache-control", cached)
            await send(message)

        await self._answering(scope)(scope, receive, strictly)

    def _answering(self, scope: Scope) -> ASGIApp:
        if not self._is_known(scope):
            return _NOT_OURS
        if _told_length(scope) > self._longest:
            log().warning("body_too_long")
            return _TOO_LONG
        # No address of ours holds a NUL, and a store may break on one.
        return (
            _NO_ADDRESS if "\0" in scope["path"] or b"%00" in scope["query_string"] else self._app
        )

    def _is_known(self, scope: Scope) -> bool:
        if self._hosts is None:
            return True
        try:
            host = urlsplit("//" + Headers(scope=scope).get("host", "")).hostname
        except ValueError:
            return False
        return host in self._hosts


def _told_length(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "")
    return int(told) if told.isascii() and told.isdecimal() else 0


_TOO_LONG: Final = JSONResponse(
    {"title": "Content Too Large", "status": 413, "detail": "No form of this desk is so long."},
    413,
    media_type="application/problem+json",
)
_NO_ADDRESS: Final = JSONResponse(
    {"title": "Bad Request", "status": 400, "detail": "No address of this desk looks like that."},
    400,
    media_type="application/problem+json",
)
_NOT_OURS: Final = PlainTextResponse("This desk has another name; see `desk_url`.", 421)
