"""Observations that stand within another resource, as resources of their own.

Here: which of them are read, about whom they are, and under which number. Not here: what is else
contained, which is looked up by what refers to it (found.py, neighbours.py).

A contained resource has no life of its own: it is about whom its parent is about where it names
nobody, it is taken back with its parent, and its number is its parent's and its own. One that
stands outside as well is read there alone.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec
from msgspec import Raw

from clinical.wire.fhir.core import Observation
from clinical.wire.fhir.identities import identifiers
from clinical.wire.fhir.messages import resource_in, type_of
from clinical.wire.fhir.reasons import DecodeError
from clinical.wire.fhir.resources import NOTHING, Resource
from clinical.wire.fhir.states import ENTERED_IN_ERROR

_KIND = Observation.__name__
_NAMED = _KIND.encode()
# A number with its system, or an id with the code of what it is of.
Mark = tuple[str | None, str | bytes]


class Inner(msgspec.Struct, frozen=True, gc=False):
    """A contained Observation, and the address by which it is known."""

    resource: Observation
    url: str | None


def may_hold(resource: Resource) -> bool:
    """Whether there may be an Observation in a resource."""
    return any(_NAMED in bytes(raw) for raw in resource.contained or ())


class Outside:
    """The Observations that stand beside others in a message, by what tells that one is another."""

    def __init__(self, resources: Sequence[Resource] = ()) -> None:
        self._resources = resources

    @cached_property
    def _known(self) -> set[Mark]:
        standing = (one for one in self._resources if isinstance(one, Observation))
        return {mark for one in standing for mark in _marks(one)}

    def holds(self, one: Observation) -> bool:
        """Whether one of them is the same: of its id and code, or of a number of its own."""
        return not self._known.isdisjoint(_marks(one))


def inner(parent: Resource, url: str | None, outside: Outside) -> Iterator[Inner]:
    """The Observations within a resource, but for those that stand `outside` as well.

    Raises:
        DecodeError: As `resource_in`, of one that says it is an Observation.
        MalformedError: One of them has identifiers of another shape.
    """
    if not may_hold(parent):
        return
    own = f"{type(parent).__name__}/{parent.id}" if parent.id else url
    for raw in parent.contained or ():
        one = _observation(raw)
        if one is None or outside.holds(one):
            continue
        placed = _placed(one, parent)
        if _has(placed.subject):
            yield Inner(placed, f"{own}#{one.id}" if own and one.id else None)


def _observation(raw: Raw) -> Observation | None:
    if _NAMED not in bytes(raw) or not _is_observation(raw):
        return None
    found = resource_in(raw)
    return found if isinstance(found, Observation) else None


def _is_observation(raw: Raw) -> bool:
    try:
        return type_of(raw) == _KIND
    except DecodeError:
        return False  # nothing that could be read, as anything else that is contained


def _placed(one: Observation, parent: Resource) -> Observation:
    """It with all that its parent says for it; its id holds within its parent alone."""
    return msgspec.structs.replace(
        one,
        id=None,
        meta=one.meta or parent.meta,
        contained=parent.contained,
        subject=one.subject if _has(one.subject) else parent.subject,
        encounter=one.encounter if _has(one.encounter) else parent.encounter,
        status=ENTERED_IN_ERROR if parent.status == ENTERED_IN_ERROR else one.status,
    )


def _has(reference: Raw) -> bool:
    return bytes(reference or NOTHING) not in {b"", b"null"}


def _marks(one: Observation) -> set[Mark]:
    """An id alone is none: contained ones are numbered from 1 anew in each parent."""
    numbers: set[Mark] = {(item.system, item.value) for item in identifiers(one) if item.value}
    return numbers | {(one.id, bytes(one.code))} if one.id else numbers
