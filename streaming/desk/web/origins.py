"""Whether a request that changes something came from one of our own pages.

Here: the three marks of it: where the browser says that it comes from, the token in header or form,
and which methods need them. Not here: who is logged in (guard.py).
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from streaming.desk.accounts.secret_digests import equal

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER: Final = "x-csrf-token"
FIELD: Final = "csrf_token"
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_OURS: Final = frozenset({"same-origin", "none"})


def is_ours(headers: Mapping[str, str]) -> bool:
    """Whether nothing says that another site sent it; who says nothing is no browser of today."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _OURS:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def leads_in(headers: Mapping[str, str]) -> bool:
    """Whether this is a click elsewhere that leads here; strict cookies do not come along."""
    mode, site = headers.get("sec-fetch-mode"), headers.get("sec-fetch-site")
    return mode == "navigate" and site == "cross-site"


async def has_token(request: Request, expected: str) -> bool:
    """Whether header or form carries the token of the session."""
    sent = request.headers.get(HEADER) or await _field(request)
    return bool(expected) and equal(sent, expected)


async def _field(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    found = (await request.form()).get(FIELD)
    return found if isinstance(found, str) else ""
