"""One HTTP request of a channel, and what its answer means.

Here: which answers are worth another try. Not here: when it is made (workers.py), or what is in the
request (the channels).

A connection that breaks before its answer may have been heard: the next try carries the same key,
so that who keeps to it takes it once.
"""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import httpx

from streaming.desk.channels.channel import ChannelError, Receipt

Json = dict[str, Any]
SECONDS: Final = 10.0
# Of those that say "your fault", these say "not now".
_LATER: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


def posted(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    media_type: str = "application/json",
    method: str = "POST",
) -> Receipt:
    """Send a request and wait for its answer.

    Raises:
        ChannelError: It was not taken; `retry` says whether the same may be taken later. It names
            the status or the kind of fault, and neither address nor answer.
    """
    try:
        answer = _client().request(
            method, url, content=content, headers={**headers, "Content-Type": media_type}
        )
    except httpx.InvalidURL:
        raise ChannelError(retry=False, why="the receiver's url is none") from None
    except httpx.HTTPError as error:
        # The text of the error may hold the address, and that a token.
        raise ChannelError(retry=True, why=f"no answer: {type(error).__name__}") from None
    if answer.is_success:
        return Receipt(str(answer.status_code))
    again = answer.is_server_error or answer.status_code in _LATER
    raise ChannelError(retry=again, why=f"answer {answer.status_code}")


@cache
def _client() -> httpx.Client:
    """One for all threads: it keeps connections, and reading the trusted certificates is slow."""
    return httpx.Client(timeout=SECONDS, follow_redirects=False)


def bearer(secret: str | None) -> dict[str, str]:
    """The header of a token; none where there is none."""
    return {"Authorization": f"Bearer {secret}"} if secret else {}
