"""From the bytes of one message to the resources in it that are used.

Here: JSON, resource types, Bundles of every type, and why a message cannot be read.
Not here: what a resource says (observations.py, encounters.py, patients.py), or files (frames.py).
"""

from collections.abc import Iterator

import msgspec

from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.resource_types import R4, USED
from clinical.wire.fhir.resources import Bundle, Encounter, Entry, Header, Observation, Patient

BOM = b"\xef\xbb\xbf"

Used = Observation | Patient | Encounter

_RESOURCE = msgspec.json.Decoder(Observation | Patient | Encounter | Bundle)
_HEADER = msgspec.json.Decoder(Header)


class Entered(msgspec.Struct, frozen=True, gc=False):
    """One used resource and the address under which its Bundle holds it.

    One that is `alone` is a message by itself: what refers to it knows only its id.
    """

    resource: Used
    full_url: str | None = None
    alone: bool = False


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message as it was read; `entries` are in the order in which they became true.

    `others` are the addresses of resources that are not used: a subject among them is no patient.
    """

    type: str
    id: str | None
    source: str | None
    timestamp: str | None
    entries: tuple[Entered, ...]
    others: frozenset[str] = frozenset()


def read(raw: bytes, limit: int) -> Message:
    """Read one message.

    Raises:
        DecodeError: message_too_large, not_json, nested_too_deep, no_resource_type,
            unknown_resource_type, wrong_shape or nested_bundle.
    """
    if len(raw) > limit:
        raise DecodeError(Reason.MESSAGE_TOO_LARGE)
    raw = raw.removeprefix(BOM)
    resource = resource_in(raw)
    if resource is None:
        return Message(_type_of(raw), None, None, None, ())
    source = resource.meta.source if resource.meta else None
    if isinstance(resource, Bundle):
        return _bundle(resource, source)
    return Message(
        type(resource).__name__, resource.id, source, None, (Entered(resource, alone=True),)
    )


def resource_in(raw: bytes | msgspec.Raw) -> Used | Bundle | None:
    """The resource in some JSON; None for a type of R4 that is not used.

    Raises:
        DecodeError: As `read`.
    """
    try:
        resource: Used | Bundle = _RESOURCE.decode(raw)
    except msgspec.ValidationError:
        if (name := _type_of(raw)) in USED:
            raise DecodeError(Reason.WRONG_SHAPE) from None
        if name not in R4:
            raise DecodeError(Reason.UNKNOWN_RESOURCE_TYPE) from None
        return None
    except RecursionError:
        raise DecodeError(Reason.NESTED_TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DecodeError(Reason.NOT_JSON) from None
    return resource


def _type_of(raw: bytes | msgspec.Raw) -> str:
    try:
        return _HEADER.decode(raw).resource_type
    except msgspec.ValidationError:
        raise DecodeError(_untyped(raw)) from None
    except RecursionError:
        raise DecodeError(Reason.NESTED_TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DecodeError(Reason.NOT_JSON) from None


def _untyped(raw: bytes | msgspec.Raw) -> Reason:
    """Why there is no type: a wrong type is noticed before JSON that breaks off further on."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return Reason.NOT_JSON
    return Reason.NO_RESOURCE_TYPE


def _bundle(bundle: Bundle, source: str | None) -> Message:
    found: list[Entered] = []
    others: set[str] = set()
    unknown = False
    for entry in _in_order(bundle):
        try:
            resource = resource_in(entry.resource)
        except DecodeError as error:
            if error.reason is not Reason.UNKNOWN_RESOURCE_TYPE:
                raise
            resource, unknown = None, True
        if isinstance(resource, Bundle):
            raise DecodeError(Reason.NESTED_BUNDLE)
        if resource is not None:
            found.append(Entered(resource, entry.full_url))
        elif entry.full_url:
            others.add(entry.full_url)
    if unknown and not found:
        raise DecodeError(Reason.UNKNOWN_RESOURCE_TYPE)
    return Message("Bundle", bundle.id, source, bundle.timestamp, tuple(found), frozenset(others))


def _in_order(bundle: Bundle) -> Iterator[Entry]:
    """Entries that carry a resource, oldest first: a history lists its newest version first."""
    entries = bundle.entry or []
    for entry in reversed(entries) if bundle.type == "history" else entries:
        if entry.request is not None and entry.request.method == "DELETE":
            continue
        if (bytes(entry.resource) or b"null") != b"null":
            yield entry
