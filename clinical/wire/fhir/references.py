"""Where references lead: to the patient and the visit, by the identifiers a hospital knows them by.

Here: choosing among identifiers, resolving references within one message. Not here: references to
other messages, which are never looked up: there the reference's own id speaks.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs

from msgspec import Raw, Struct, field

from clinical.wire.fhir.codings import has_code
from clinical.wire.fhir.messages import Message, Used, resource_in
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.resource_types import R4
from clinical.wire.fhir.resources import Bundle, Encounter, Identifier, Patient, Reference


class Identity(NamedTuple):
    """Who a patient is: an identifier and who issued it."""

    facility: str
    patient_id: str


class Index(Struct, frozen=True, gc=False):
    """The patients and visits of one message by every address they can be referred to."""

    facility: str
    patients: Mapping[str, Identity] = field(default_factory=dict)
    encounters: Mapping[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()


class _Target(NamedTuple):
    """A reference taken apart: the type it names, the id, and the system of a conditional one."""

    type: str | None
    id: str
    system: str | None = None


def index(message: Message, facility: str) -> Index:
    """Index a message; a resource without any identifier is not in it."""
    if len(message.entries) < 2 and not message.others:  # noqa: PLR2004 - it refers to nobody
        return Index(facility)
    patients: dict[str, Identity] = {}
    encounters: dict[str, str] = {}
    others = set(message.others)
    for resource, url in ((entry.resource, entry.full_url) for entry in message.entries):
        if isinstance(resource, Patient):
            if who := identity(resource, url, facility):
                patients.update(dict.fromkeys(_addresses(resource, url), who))
        else:
            others.update(_addresses(resource, url))
            if isinstance(resource, Encounter) and (visit := visit_number(resource, url)):
                encounters.update(dict.fromkeys(_addresses(resource, url), visit))
    return Index(facility, patients, encounters, frozenset(others))


def identity(
    patient: Patient, url: str | None, facility: str, *, alone: bool = False
) -> Identity | None:
    """The medical record number, else the first identifier, else the resource's id.

    A resource that is `alone` in its message goes by its id, by which the others refer to it.
    """
    chosen = _choose(patient.identifier or (), "MR")
    if chosen is not None and not (alone and patient.id):
        return Identity(_issuer(chosen, facility), chosen.value or "")
    own = patient.id or _tail(url)
    return Identity(facility, own) if own else None


def visit_number(encounter: Encounter, url: str | None, *, alone: bool = False) -> str | None:
    """The visit number, else the first identifier, else the id; of one `alone` its id."""
    if alone and encounter.id:
        return encounter.id
    chosen = _choose(encounter.identifier or (), "VN")
    return chosen.value if chosen is not None else encounter.id or _tail(url)


def subject_of(
    reference: Reference | None, contained: Sequence[Raw] | None, known: Index
) -> Identity | None:
    """Who a resource is about; None when it is about something other than a patient.

    Raises:
        DecodeError: no_patient, when nobody is named.
    """
    if reference is None:
        raise DecodeError(Reason.NO_PATIENT)
    path = (reference.reference or "").partition("/_history/")[0]
    if (who := known.patients.get(path)) is not None:
        return who
    if path.startswith("#"):
        found = _contained(path[1:], contained)
        who = identity(found, None, known.facility) if isinstance(found, Patient) else None
    elif path in known.others or not _may_be_patient(path, reference.type):
        return None
    else:
        target = _target(path, reference.type)
        who = known.patients.get(f"Patient/{target.id}") if known.patients else None
        who = who or _outside(path, reference.type, known.facility)
    who = who or _logical(reference.identifier, known.facility)
    if who is None:
        raise DecodeError(Reason.NO_PATIENT)
    return who


def encounter_of(
    reference: Reference | None, contained: Sequence[Raw] | None, known: Index
) -> str | None:
    """The visit a resource belongs to, if it names one."""
    if reference is None:
        return None
    path = (reference.reference or "").partition("/_history/")[0]
    if (visit := known.encounters.get(path)) is not None:
        return visit
    if path.startswith("#"):
        found = _contained(path[1:], contained)
        return visit_number(found, None) if isinstance(found, Encounter) else None
    target = _target(path, reference.type)
    if known.encounters and (visit := known.encounters.get(f"Encounter/{target.id}")):
        return visit
    return target.id or (reference.identifier.value if reference.identifier else None)


def label(reference: Reference | None) -> str | None:
    """A place or thing by its words, else by its id."""
    if reference is None:
        return None
    return reference.display or _tail(reference.reference)


@lru_cache(maxsize=4096)
def _may_be_patient(path: str, named_type: str | None) -> bool:
    kind = _target(path, named_type).type
    return kind == "Patient" or kind not in R4


@lru_cache(maxsize=4096)
def _outside(path: str, named_type: str | None, facility: str) -> Identity | None:
    """The patient a reference names by itself."""
    target = _target(path, named_type)
    return Identity(target.system or facility, target.id) if target.id else None


@lru_cache(maxsize=4096)
def _target(path: str, named_type: str | None) -> _Target:
    """Take apart `urn:uuid:...`, `[base/]Type/id` or `Type?identifier=system|value`."""
    if path.startswith("urn:"):
        return _Target(named_type, path.rpartition(":")[2])
    head, conditional, query = path.partition("?")
    if conditional:
        values = parse_qs(query).get("identifier", [""])
        system, _, value = values[0].rpartition("|")
        return _Target(head.rpartition("/")[2] or named_type, value, system or None)
    base, _, own = head.rpartition("/")
    return _Target(base.rpartition("/")[2] or named_type, own)


def _tail(url: str | None) -> str | None:
    return (_target(url.partition("/_history/")[0], None).id or None) if url else None


def _addresses(resource: Used, url: str | None) -> list[str]:
    addresses = [f"{type(resource).__name__}/{resource.id}"] if resource.id else []
    return [*addresses, url.partition("/_history/")[0]] if url else addresses


def _choose(identifiers: Sequence[Identifier], wanted: str) -> Identifier | None:
    """The identifier of the wanted type, else the first; retired ones never."""
    usable = [item for item in identifiers if item.value and item.use != "old"]
    preferred = (item for item in usable if has_code(item.type, wanted))
    return next(preferred, usable[0] if usable else None)


def _issuer(identifier: Identifier, facility: str) -> str:
    named = identifier.assigner.display if identifier.assigner else None
    return named or identifier.system or facility


def _logical(identifier: Identifier | None, facility: str) -> Identity | None:
    if identifier is None or not identifier.value:
        return None
    return Identity(_issuer(identifier, facility), identifier.value)


def _contained(own_id: str, contained: Sequence[Raw] | None) -> Used | Bundle | None:
    for raw in contained or ():
        resource = resource_in(raw)
        if resource is not None and resource.id == own_id:
            return resource
    return None
