"""The answer to a transaction or batch: one entry for each of its own.

Here: the Bundle that clients expect back. Not here: taking the request (fhir.py).

An entry's status says that it is stored, since that is what happens here: nothing is read, searched
or patched. Answers to Bundles of other types, and to very large ones, are OperationOutcomes.
"""

from typing import Final

import msgspec

# Beyond these the answer would cost more than it tells.
_BODY_BYTES: Final = 16 * 1024 * 1024
_ENTRIES: Final = 10_000
_STORED: Final = "202 Accepted"
_STATUS: Final = {
    "POST": "201 Created",
    "PUT": "200 OK",
    "GET": "405 Method Not Allowed",
    "HEAD": "405 Method Not Allowed",
}
_ANSWERS: Final = {"transaction": "transaction-response", "batch": "batch-response"}


class _Request(msgspec.Struct, frozen=True, gc=False):
    method: str = ""


class _Entry(msgspec.Struct, frozen=True, gc=False):
    request: _Request | None = None


class _Bundle(msgspec.Struct, frozen=True, rename="camel"):
    resource_type: str
    type: str
    entry: list[_Entry] | None = None


_DECODER: Final = msgspec.json.Decoder(_Bundle)


def response_to(body: bytes) -> dict[str, object] | None:
    """The Bundle that answers a body; None where an OperationOutcome does."""
    if len(body) > _BODY_BYTES:
        return None
    try:
        bundle = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    entries = bundle.entry or []
    answer = _ANSWERS.get(bundle.type)
    if bundle.resource_type != "Bundle" or answer is None or len(entries) > _ENTRIES:
        return None
    return {"resourceType": "Bundle", "type": answer, "entry": [_answered(one) for one in entries]}


def _answered(entry: _Entry) -> dict[str, object]:
    method = entry.request.method if entry.request else ""
    return {"response": {"status": _STATUS.get(method, _STORED)}}
