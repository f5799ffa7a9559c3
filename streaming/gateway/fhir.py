"""FHIR R4 over HTTP: one app per feed, and one message in the inbox per request.

Here: the routes, and what each answers once the inbox has the message. Not here: who is let in
(fhir_guard.py), reading the body (fhir_body.py), or what a resource says (clinical/wire/fhir).

It takes what senders send: resources, Bundles of any type, and the notifications of R4
Subscriptions by rest-hook, which are a PUT of the resource or, without a payload, an empty POST.
It is no FHIR server: nothing can be read or searched, and the body alone says what a message is.

Source: HL7 FHIR R4 4.0.1, http.html and subscription.html.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from clinical.wire.fhir.resource_types import KNOWN
from clinical.wire.profile import FeedProfile
from streaming.gateway import outcome
from streaming.gateway.fhir_body import Room, body_of, check_type
from streaming.gateway.fhir_bundles import response_to
from streaming.gateway.fhir_capability import capability_statement
from streaming.gateway.fhir_guard import Guard
from streaming.gateway.intake import Intake, Receipt
from streaming.gateway.occasional import Occasional
from streaming.gateway.outcome import Outcome, RefusalError, fhir_json, respond
from streaming.gateway.tokens import Tokens
from streaming.inbox.arrival import Arrival
from streaming.metrics import ACK_SECONDS, RECEIVED

# Bodies that an app holds at one time, in messages of the greatest size.
_LARGEST_AT_ONCE: Final = 4
_CREATED, _OK = 201, 200
_OUTCOMES: Final[Mapping[int, Outcome]] = {404: outcome.NOT_FOUND, 405: outcome.NOT_ALLOWED}


def fhir_app(
    feed: str, profiles: Mapping[str, FeedProfile], intake: Intake, tokens: Tokens
) -> FastAPI:
    """The app that takes one feed's resources.

    Serve it without an access log: paths hold identifiers of resources.
    """
    limits = profiles[feed].limits
    road = _Road(feed, profiles, intake, Room(_LARGEST_AT_ONCE * limits.message_bytes))
    app = FastAPI(
        routes=_routes(road),
        title="Pulsehouse",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={RefusalError: _refused, HTTPException: _no_route},
    )
    occasional, most = Occasional(feed), limits.connections
    app.add_middleware(Guard, feed=feed, tokens=tokens, occasional=occasional, most=most)
    return app


def _routes(road: "_Road") -> list[BaseRoute]:
    """The routes, as Starlette's own: nothing of a request is to be validated and converted."""

    async def posted(request: Request) -> Response:
        return await road.take(request, _OK, empty=outcome.NOTIFIED)

    async def created(request: Request) -> Response:
        _check_type_of(request)
        return await road.take(request, _CREATED)

    async def notified(request: Request) -> Response:
        _check_type_of(request)
        return await road.take(request, _OK)

    async def metadata(_: Request) -> Response:
        return fhir_json(capability_statement(), _OK)

    return [
        Route("/", posted, methods=["POST"]),
        Route("/metadata", metadata, methods=["GET"]),
        Route("/{resource_type}", created, methods=["POST"]),
        Route("/{resource_type}/{resource_id}", notified, methods=["PUT", "POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Road:
    """The way of a request into the inbox."""

    feed: str
    profiles: Mapping[str, FeedProfile]
    intake: Intake
    room: Room

    async def take(
        self, request: Request, status: int, *, empty: Outcome = outcome.EMPTY_BODY
    ) -> Response:
        """Store the body, and answer when that is done."""
        async with body_of(request, self.profiles[self.feed].limits, self.room) as body:
            if not body:
                return respond(empty)
            check_type(request)
            RECEIVED.labels(self.feed, "fhir").inc()
            began = time.perf_counter()
            receipt = await self._stored(body)
            ACK_SECONDS.labels(self.feed).observe(time.perf_counter() - began)
            return _answer(receipt, status, body)

    async def _stored(self, body: bytes) -> Receipt:
        told: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()

        def tell(receipt: Receipt) -> None:
            # Nobody waits any more where the process is about to end.
            if not told.done():
                told.set_result(receipt)

        now = time.time_ns() // 1_000
        self.intake.submit(Arrival(self.feed, body, received_at=now, road="fhir"), tell)
        return await told


def _answer(receipt: Receipt, status: int, body: bytes) -> Response:
    if not receipt.stored:
        return respond(outcome.NOT_STORED)
    if receipt.reason is not None:
        return respond(outcome.quarantined(receipt.reason))
    bundle = response_to(body)
    return respond(outcome.accepted(status)) if bundle is None else fhir_json(bundle, _OK)


def _check_type_of(request: Request) -> None:
    if request.path_params["resource_type"] not in KNOWN:
        raise RefusalError(outcome.NOT_FOUND)


async def _refused(_: Request, error: Exception) -> Response:
    return respond(error.outcome if isinstance(error, RefusalError) else outcome.FAILED)


async def _no_route(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    headers = error.headers if isinstance(error, HTTPException) else None
    return respond(_OUTCOMES.get(status, outcome.BAD_REQUEST), headers)
