"""Requests for services, their specimens and their reports, as rows of orders.

Here: ServiceRequest, Specimen and DiagnosticReport of FHIR. Not here: the results themselves
(observations.py), or which order is a culture (clinical/normalise).

A report or specimen has a row for each order that it names, so that orders and results find each
other; its own number is `filler_id`. One that names no order stands under its own number.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import pyarrow as pa
from msgspec import Raw

from clinical.wire.decoded import UTC
from clinical.wire.fhir.codings import code_of
from clinical.wire.fhir.documents import Attachment, text_of, texts
from clinical.wire.fhir.found import Found, R, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.resources import NOTHING, Element, Period, Resource
from clinical.wire.fhir.states import ENTERED_IN_ERROR, statuses
from clinical.wire.fhir.texts import array, pick

STRING = pa.string()
_NO_PERIOD = Period()
# https://hl7.org/fhir/R4/valueset-request-status.html; a draft was never ordered.
_EVENTS = {
    "active": "ordered",
    "on-hold": "held",
    "completed": "completed",
    "revoked": "cancelled",
    "draft": "cancelled",
    ENTERED_IN_ERROR: "cancelled",
}
# https://hl7.org/fhir/R4/valueset-request-intent.html: these order nothing.
_UNORDERED = frozenset({"proposal", "plan", "directive", "option"})


class ServiceRequest(Resource, tag_field="resourceType"):
    """An order of an examination or a treatment."""

    intent: str | None = None
    do_not_perform: bool | None = None
    code: Raw = NOTHING
    based_on: list[Raw] | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    authored_on: str | None = None
    specimen: list[Raw] | None = None
    note: Raw = NOTHING


class Collection(Element):
    """How a specimen was taken."""

    collected_date_time: str | None = None
    collected_period: Period | None = None


class Specimen(Resource, tag_field="resourceType"):
    """What was taken of a patient to be examined."""

    type: Raw = NOTHING
    request: list[Raw] | None = None
    received_time: str | None = None
    collection: Collection | None = None
    note: Raw = NOTHING


class DiagnosticReport(Resource, tag_field="resourceType"):
    """The report of an examination; its results are Observations of their own."""

    code: Raw = NOTHING
    based_on: list[Raw] | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    specimen: list[Raw] | None = None
    conclusion: str | None = None
    presented_form: list[Attachment | None] | None = None


def read_requests(found: Found[ServiceRequest]) -> Iterator[Rows]:
    """The rows of a batch's ServiceRequests."""
    each, told = found.resources, statuses(found)
    own = pa.array(found.own_ids(), STRING)
    code = found.codes([one.code for one in each])
    wanted = [one.intent not in _UNORDERED and not one.do_not_perform for one in each]
    events = [
        _EVENTS.get(status or "") if is_wanted else None
        for status, is_wanted in zip(told, wanted, strict=True)
    ]
    columns = {
        "order_id": own,
        "order_status": told,
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "specimen": _specimens(found, [one.specimen for one in each]),
        "effective_at": found.dated([_due(one) for one in each]),
        "documented_at": found.documented([one.authored_on for one in each]),
        # What is only proposed, or forbidden, is no order: it counts as one that was withdrawn.
        "is_cancelled": [
            event == "cancelled" or not is_wanted
            for event, is_wanted in zip(events, wanted, strict=True)
        ],
        "event": events,
        "parent_id": found.named([_first(one.based_on) for one in each]),
    }
    yield Rows("order_events", columns)
    yield from annotations(found, "order_events", own, [one.note for one in each])


def read_specimens(found: Found[Specimen]) -> Iterator[Rows]:
    """The rows of a batch's Specimens: that something was collected."""
    each, told = found.resources, statuses(found)
    own = found.own_ids()
    kinds = found.codes([one.type for one in each])
    of, orders = _orders(found, [one.request for one in each])
    at = pa.array(of, pa.int64())
    wrong = [status == ENTERED_IN_ERROR for status in told]
    collected = found.dated([_collected(one) for one in each])
    columns = {
        "order_id": orders,
        "order_status": [told[row] for row in of],
        "specimen": [
            None if wrong[row] else text
            for row, text in zip(
                of, _words(kinds.text, kinds.code).take(at).to_pylist(), strict=True
            )
        ],
        "effective_at": pick(collected, of),
        "documented_at": found.documented([one.received_time for one in each]).take(at),
        # A specimen that never was withdraws nothing but itself.
        "is_cancelled": [
            wrong[row] and order == own[row] for row, order in zip(of, orders, strict=True)
        ],
        "event": ["collected"] * len(of),
        "filler_id": [own[row] for row in of],
    }
    yield Rows("order_events", columns, of)
    ids = pa.array(own, STRING)
    yield from annotations(found, "order_events", ids, [one.note for one in each])


def read_reports(found: Found[DiagnosticReport]) -> Iterator[Rows]:
    """The rows of a batch's DiagnosticReports, and what they say in words."""
    each, told = found.resources, statuses(found)
    own = found.own_ids()
    code = found.codes([one.code for one in each])
    of, orders = _orders(found, [one.based_on for one in each])
    shared = {
        "result_status": pa.array(told, STRING),
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "specimen": pa.array(_specimens(found, [one.specimen for one in each]), STRING),
        "effective_at": array(found.dated([_examined(one) for one in each]), UTC),
        "documented_at": found.documented([one.issued for one in each]),
        "filler_id": pa.array(own, STRING),
    }
    at = pa.array(of, pa.int64())
    columns = {
        **{name: column.take(at) for name, column in shared.items()},
        "order_id": orders,
        "event": ["reported"] * len(of),
        "is_cancelled": [False] * len(of),
    }
    yield Rows("order_events", columns, of)
    if not any(one.conclusion or one.presented_form for one in each):
        return
    said = [[one.conclusion, *map(text_of, one.presented_form or ())] for one in each]
    about = [one.code for one in each]
    yield from texts(
        found, "report", said, about, [one.issued for one in each], about="order_events"
    )


def _orders(
    found: Found[R], references: Sequence[Sequence[Raw] | None]
) -> tuple[list[int], list[str | None]]:
    """The orders that each resource names, and which resource each is of; else its own number."""
    own = found.own_ids()
    if not any(references):
        return list(range(len(own))), own
    layers = zip_longest(*(told or () for told in references), fillvalue=NOTHING)
    named = [found.named(layer) for layer in layers]
    pairs: list[tuple[int, str | None]] = []
    for row, mine in enumerate(own):
        orders = [layer[row] for layer in named if layer[row]]
        pairs += [(row, order) for order in orders or [mine]]
    return [row for row, _ in pairs], [order for _, order in pairs]


def _specimens(found: Found[R], references: Sequence[Sequence[Raw] | None]) -> list[str | None]:
    """The specimen of each in words: what the same message says of it, else what it is called."""
    first = [_first(told) for told in references]
    if not any(first):
        return [None] * len(first)
    names: list[str | None] = found.labels(first).to_pylist()
    for row, raw in enumerate(first):
        if raw and isinstance(known := found.resource_at(raw, row), Specimen):
            code = code_of(bytes(known.type))
            names[row] = ((code.text or code.code) if code else None) or names[row]
    return names


def _words(texts: pa.Array, codes: pa.Array) -> pa.Array:
    return pa.array(
        [text or code for text, code in zip(texts.to_pylist(), codes.to_pylist(), strict=True)],
        STRING,
    )


def _first(references: Sequence[Raw] | None) -> Raw:
    return references[0] if references else NOTHING


def _due(one: ServiceRequest) -> str | None:
    return (
        one.occurrence_date_time or (one.occurrence_period or _NO_PERIOD).start or one.authored_on
    )


def _collected(one: Specimen) -> str | None:
    taken = one.collection or Collection()
    return taken.collected_date_time or (taken.collected_period or _NO_PERIOD).start


def _examined(one: DiagnosticReport) -> str | None:
    return one.effective_date_time or (one.effective_period or _NO_PERIOD).start


def moments(one: ServiceRequest | Specimen | DiagnosticReport) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    if isinstance(one, ServiceRequest):
        yield one.authored_on
    elif isinstance(one, Specimen):
        yield from (one.received_time, _collected(one))
    else:
        yield from (one.issued, _examined(one))
