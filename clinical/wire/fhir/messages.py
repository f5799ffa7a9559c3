"""From the bytes of messages to the resources in them that are used.

Here: JSON, resource types, and why a message cannot be read. Not here: what a Bundle does with its
entries (bundles.py), what a resource says (its reader), or files (frames.py).

Of a key that stands twice in an object the last one counts, of `resourceType` the first.
"""

import re
from collections.abc import Sequence
from functools import reduce
from operator import or_

import msgspec

from clinical.wire.fhir.kinds import KINDS
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.resource_types import KNOWN, USED
from clinical.wire.fhir.resources import Bundle, Header, Resource

BOM = b"\xef\xbb\xbf"


class Unread(msgspec.Struct, frozen=True, gc=False):
    """A message of which nothing is read: of a type that is not used, or with its `reason`."""

    type: str | None
    reason: Reason = Reason.RESOURCE_TYPE_NOT_USED
    # What it has in common with a resource that is read.
    id: None = None
    meta: None = None

    @property
    def skipped(self) -> bool:
        """Whether it was understood and carries nothing for us."""
        return self.reason is Reason.RESOURCE_TYPE_NOT_USED


Read = Resource | Bundle | Unread

_SHAPES = (*(kind.shape for kind in KINDS), Bundle)
_RESOURCE: msgspec.json.Decoder[Resource | Bundle] = msgspec.json.Decoder(reduce(or_, _SHAPES))
_HEADER = msgspec.json.Decoder(Header)
_ANY = msgspec.json.Decoder(msgspec.Raw)

# Nearly every sender names the type first. What is not used is told by it alone.
_FIRST = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,64})"\s*[,}]')


def read(raws: Sequence[bytes], limit: int) -> list[Read]:
    """What is in each message; nothing raises."""
    if max(map(len, raws), default=0) <= limit:
        try:
            return list(map(_RESOURCE.decode, raws))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # one of them is not as the others are: each is read by itself
    return [read_one(raw, limit) for raw in raws]


def read_one(raw: bytes, limit: int) -> Read:
    """The same of one message."""
    if len(raw) > limit:
        return Unread(None, Reason.MESSAGE_TOO_LARGE)
    try:
        return resource_in(raw.removeprefix(BOM))
    except DecodeError as error:
        return Unread(None, error.reason)


def resource_in(raw: bytes | msgspec.Raw) -> Read:
    """The resource in some JSON, or the name of its type, where that is known and not used.

    Raises:
        DecodeError: not_json, nested_too_deep, no_resource_type, unknown_resource_type or
            wrong_shape.
    """
    first = _FIRST.match(raw)
    try:
        if first is not None and (name := first[1].decode()) not in USED:
            _ANY.decode(raw)
            return _unused(name)
        return _RESOURCE.decode(raw)
    except msgspec.ValidationError:
        return _mistyped(raw, is_used=first is not None)
    except RecursionError:
        raise DecodeError(Reason.NESTED_TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DecodeError(Reason.NOT_JSON) from None


def _mistyped(raw: bytes | msgspec.Raw, *, is_used: bool) -> Unread:
    """What cannot be read as a resource; with `is_used` its first type is one that is used."""
    if (name := type_of(raw)) in USED or is_used:
        raise DecodeError(Reason.WRONG_SHAPE)
    return _unused(name)


def _unused(name: str) -> Unread:
    if name not in KNOWN:
        raise DecodeError(Reason.UNKNOWN_RESOURCE_TYPE)
    return Unread(name)


def type_of(raw: bytes | msgspec.Raw) -> str:
    """What some JSON says it is.

    Raises:
        DecodeError: not_json, nested_too_deep or no_resource_type.
    """
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
        _ANY.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return Reason.NOT_JSON
    return Reason.NO_RESOURCE_TYPE
