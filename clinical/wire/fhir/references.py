"""References taken apart, and where they lead within a resource.

Here: the text of a reference, versions, addresses. Not here: what a message holds beside the
resource that refers (neighbours.py).
"""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec

from clinical.wire.fhir.resources import Reference, Resource

_REFERENCE = msgspec.json.Decoder(Reference | None)


class MalformedError(ValueError):
    """An element that is no reference, by the sender's doing."""


class Target(NamedTuple):
    """A reference taken apart: the type it names, the id, and the system of a conditional one."""

    type: str | None
    id: str
    system: str | None = None


def reference_of(text: bytes) -> Reference | None:
    """The Reference in some JSON, None for nothing.

    Raises:
        MalformedError: It has another shape.
    """
    try:
        found: Reference | None = _REFERENCE.decode(text or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedError from None
    return found


@lru_cache(maxsize=4096)
def take_apart(path: str, named_type: str | None) -> Target:
    """The parts of `urn:uuid:...`, `[base/]Type/id` or `Type?identifier=system|value`."""
    if path.startswith("urn:"):
        return Target(named_type, path.rpartition(":")[2])
    head, conditional, query = path.partition("?")
    if conditional:
        values = parse_qs(query).get("identifier", [""])
        system, _, value = values[0].rpartition("|")
        return Target(head.rpartition("/")[2] or named_type, value, system or None)
    base, _, own = head.rpartition("/")
    return Target(base.rpartition("/")[2] or named_type, own)


def unversioned(path: str) -> str:
    """A reference without the version it names: facts are of a resource, whichever its version."""
    return path.partition("/_history/")[0]


def tail(url: str | None) -> str | None:
    """The id at the end of an address."""
    return (take_apart(unversioned(url), None).id or None) if url else None


def addresses(resource: Resource, url: str | None) -> list[str]:
    """What a resource may be referred to by."""
    own = [f"{type(resource).__name__}/{resource.id}"] if resource.id else []
    return [*own, unversioned(url)] if url else own


@lru_cache(maxsize=4096)
def label(text: bytes) -> str | None:
    """A place or thing by its words, else by its id; None where it has no shape of a reference."""
    try:
        reference = reference_of(text)
    except MalformedError:
        return None
    return (reference.display or tail(reference.reference)) if reference else None
