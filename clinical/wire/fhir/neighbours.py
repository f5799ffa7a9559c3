"""Who a resource is about, and which visit it belongs to.

Here: resolving references within one message. Not here: references to other messages, which are
never looked up: there the reference's own id speaks. A urn holds within its message alone: of one
that leads nowhere there, nobody knows whom it means.

A subject told by a number alone is the Patient of that number in its message. Elsewhere it stands
for itself, even where the same batch holds that Patient: what a message says must not hang on how a
feed was cut into batches.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from clinical.wire.fhir.core import Encounter, Patient
from clinical.wire.fhir.identities import (
    Identity,
    Naming,
    identifiers,
    identity,
    logical,
    numbers_of,
    visit_number,
)
from clinical.wire.fhir.references import (
    MalformedError,
    addresses,
    reference_of,
    take_apart,
    unversioned,
)
from clinical.wire.fhir.resource_types import KNOWN
from clinical.wire.fhir.resources import Header, Identifier, Reference, Resource

T = TypeVar("T")
_CONTAINED: Mapping[str, msgspec.json.Decoder[Resource]] = {
    kind.__name__: msgspec.json.Decoder(kind) for kind in (Patient, Encounter)
}
_HEADER = msgspec.json.Decoder(Header)
# A reference as nearly all are written, whose target can be cut out as it stands.
_PLAIN = re.compile(
    rb'\{"reference":"(?:(Patient|Encounter)/|urn:uuid:)([A-Za-z0-9.-]{1,64})"'
    rb'(?:,"display":"[^"\\]*")?\}'
)


class Verdict(NamedTuple):
    """What a reference is that leads to nobody."""

    word: str


NOT_PATIENT: Final = Verdict("about something other than a patient")
NOBODY: Final = Verdict("names nobody")
WITHIN: Final = Verdict("leads into the resource itself")
MALFORMED: Final = Verdict("has no shape of a reference")

Whom = Identity | Verdict


class Located(NamedTuple):
    """A resource of a Bundle and the address under which it stands there."""

    resource: Resource
    url: str | None


class Neighbours:
    """The resources of one message by every address they can be referred to.

    What is not needed by most messages is worked out when it is first asked for.
    """

    def __init__(
        self, naming: Naming, entries: Sequence[Located] = (), others: frozenset[str] = frozenset()
    ) -> None:
        self.naming = naming
        self.patients: dict[str, Identity] = {}
        self.encounters: dict[str, str] = {}
        self._entries, self._others = entries, others
        for resource, url in entries:
            if isinstance(resource, Patient):
                if who := identity(resource, url, naming):
                    self.patients.update(dict.fromkeys(addresses(resource, url), who))
            elif isinstance(resource, Encounter) and (visit := visit_number(resource, url)):
                self.encounters.update(dict.fromkeys(addresses(resource, url), visit))

    @cached_property
    def _by_number(self) -> Mapping[tuple[str, str], Identity | None]:
        """The patients by each number that they are told to have; None where two have it."""
        numbers: dict[tuple[str, str], Identity | None] = {}
        for resource, url in self._entries:
            who = identity(resource, url, self.naming) if isinstance(resource, Patient) else None
            for item in identifiers(resource) if who else ():
                for number in numbers_of(item, self.naming.facility):
                    numbers[number] = who if numbers.get(number, who) == who else None
        return numbers

    def numbered(self, issuer: str, number: str) -> Identity | None:
        """The patient of this message who has a number."""
        return self._by_number.get((issuer, number))

    def meant(self, identifier: Identifier | None) -> Identity | None:
        """Whom an identifier stands for: the patient here who has it, else who it says itself."""
        who = logical(identifier, self.naming.facility)
        if identifier is None or who is None:
            return None
        told = (self.numbered(*number) for number in numbers_of(identifier, self.naming.facility))
        return next(filter(None, told), who)

    @cached_property
    def by_address(self) -> Mapping[str, Resource]:
        """Every resource by each of its addresses; the last version of it, if there are several."""
        return {
            address: resource
            for resource, url in self._entries
            for address in addresses(resource, url)
        }

    @cached_property
    def others(self) -> frozenset[str]:
        """The addresses of what is no patient."""
        read = self.by_address.items()
        return self._others.union(at for at, found in read if not isinstance(found, Patient))


class _Beyond(NamedTuple):
    """A reference to what its message does not hold under the address that it names."""

    reference: Reference
    path: str


def _led(text: bytes, known: Mapping[str, T]) -> T | Verdict | _Beyond:
    """What the JSON of a reference leads to among what is `known` by its addresses."""
    try:
        reference = reference_of(text)
    except MalformedError:
        return MALFORMED
    if reference is None:
        return NOBODY
    path = unversioned(reference.reference or "")
    if (found := known.get(path)) is not None:
        return found
    return WITHIN if path.startswith("#") else _Beyond(reference, path)


def whom(text: bytes, known: Neighbours) -> Whom:
    """Who a resource is about, by the JSON of its subject."""
    led = _led(text, known.patients)
    if not isinstance(led, _Beyond):
        return led
    reference, path = led
    if not _may_be_patient(path, reference.type) or (path and path in known.others):
        return NOT_PATIENT
    target = take_apart(path, reference.type)
    if target.system:
        return known.numbered(target.system, target.id) or Identity(target.system, target.id)
    who = known.patients.get(f"Patient/{target.id}") if known.patients else None
    if who is None and target.id and not path.startswith("urn:"):
        who = Identity(known.naming.facility, target.id)
    return who or known.meant(reference.identifier) or NOBODY


def whom_within(text: bytes, contained: Sequence[Raw] | None, naming: Naming) -> Whom:
    """The same of a reference that leads into the resource itself."""
    reference = reference_of(text)
    if reference is None:
        return NOBODY
    found = within(reference.reference, contained)
    try:
        who = identity(found, None, naming) if isinstance(found, Patient) else None
    except MalformedError:
        return MALFORMED
    return who or logical(reference.identifier, naming.facility) or NOBODY


@lru_cache(maxsize=65_536)
def whom_outside(text: bytes, facility: str) -> Whom:
    """Who a resource is about that is alone in its message."""
    if (plain := _PLAIN.fullmatch(text)) and plain[1] == b"Patient":
        return Identity(facility, plain[2].decode())
    return whom(text, Neighbours(Naming(facility)))


def visit_of(text: bytes, known: Neighbours) -> str | Verdict | None:
    """The visit a resource belongs to, if it names one."""
    led = _led(text, known.encounters)
    if not isinstance(led, _Beyond):
        return None if led is NOBODY else led
    reference, path = led
    # A urn names nothing beyond its message.
    own = None if path.startswith("urn:") else take_apart(path, reference.type).id
    if known.encounters and (visit := known.encounters.get(f"Encounter/{own}")):
        return visit
    return own or (reference.identifier.value if reference.identifier else None)


def visit_within(text: bytes, contained: Sequence[Raw] | None) -> str | Verdict | None:
    """The same of a reference that leads into the resource itself."""
    reference = reference_of(text)
    found = within(reference.reference, contained) if reference else None
    try:
        return visit_number(found, None) if isinstance(found, Encounter) else None
    except MalformedError:
        return MALFORMED


@lru_cache(maxsize=65_536)
def visit_outside(text: bytes) -> str | Verdict | None:
    """The visit of a resource that is alone in its message."""
    if (plain := _PLAIN.fullmatch(text)) and plain[1] != b"Patient":
        return plain[2].decode()
    return visit_of(text, Neighbours(Naming("")))


def within(path: str | None, contained: Sequence[Raw] | None) -> Resource | None:
    """The contained patient or visit that a reference `#id` means."""
    for raw in contained or ():
        try:
            kind = _HEADER.decode(raw).resource_type
            found = _CONTAINED[kind].decode(raw) if kind in _CONTAINED else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if found is not None and f"#{found.id}" == path:
            return found
    return None


@lru_cache(maxsize=4096)
def _may_be_patient(path: str, named_type: str | None) -> bool:
    kind = take_apart(path, named_type).type
    return kind == "Patient" or kind not in KNOWN
