"""What stands before every FHIR route: a token is asked for, and no answer tells too much.

Here: the verdict on a request before anything of it is read, the security headers, and the end of
whatever goes wrong behind it. Not here: what a token allows (tokens_verdict.py), or the routes
(fhir.py).

It is one ASGI layer around the whole app, so that no route can be without it, present or missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streaming.gateway import outcome
from streaming.gateway.occasional import Occasional
from streaming.gateway.outcome import Outcome, respond
from streaming.gateway.tokens import Tokens, TokensError
from streaming.gateway.tokens_verdict import WRITE, Verdict, judge
from streaming.logs import log
from streaming.metrics import ACKNOWLEDGED

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_BY_TLS: Final = {"Strict-Transport-Security": "max-age=31536000"}
_REFUSALS: Final[Mapping[Verdict, Outcome]] = {
    Verdict.MISSING: outcome.NO_TOKEN,
    Verdict.UNKNOWN: outcome.UNKNOWN_TOKEN,
    Verdict.EXPIRED: outcome.EXPIRED_TOKEN,
    Verdict.OTHER_FEED: outcome.OTHER_FEED,
    Verdict.OTHER_SCOPE: outcome.OTHER_SCOPE,
}


@dataclass(slots=True)
class Guard:
    """An ASGI app that lets through what carries a token of its feed, so much at one time."""

    app: ASGIApp
    feed: str
    tokens: Tokens
    occasional: Occasional
    most: int
    requests: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI says."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(self.feed, send, by_tls=scope["scheme"] == "https")
        if (refusal := self._refusal(scope)) is not None:
            await respond(refusal)(scope, receive, answer)
            return
        self.requests += 1
        try:
            await self.app(scope, receive, answer)
        except ClientDisconnect:
            return
        except Exception as error:
            # Its text may hold a patient's value: only its name is told.
            log().error("request_failed", feed=self.feed, road="fhir", error=type(error).__name__)
            if not answer.began:
                await respond(outcome.FAILED)(scope, receive, answer)
        finally:
            self.requests -= 1

    def _refusal(self, scope: Scope) -> Outcome | None:
        try:
            known = self.tokens.known()
        except TokensError as error:
            found = outcome.TOKENS_UNREADABLE
            self.occasional.warn(found.reason, found.reason, detail=str(error))
            return found
        sent = Headers(scope=scope).get("authorization")
        verdict = judge(known, sent, self.feed, WRITE, datetime.now(UTC))
        if verdict is Verdict.ALLOWED:
            return None if self.requests < self.most else outcome.TOO_MUCH_AT_ONCE
        peer = (scope.get("client") or ("",))[0]
        self.occasional.warn("not_let_in", verdict.value, road="fhir", peer=peer)
        return _REFUSALS[verdict]


@dataclass(slots=True)
class _Answer:
    """The way out of an answer: counted, with the security headers."""

    feed: str
    send: Send
    by_tls: bool
    began: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            ACKNOWLEDGED.labels(self.feed, str(message["status"])).inc()
            MutableHeaders(scope=message).update(_HEADERS | (_BY_TLS if self.by_tls else {}))
        await self.send(message)
