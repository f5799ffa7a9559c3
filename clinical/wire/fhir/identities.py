"""Who patients and visits are: the identifiers a hospital knows them by.

Here: choosing among identifiers, for patients and for visits. Not here: who refers to whom
(neighbours.py).
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from clinical.wire.fhir.codings import has_code
from clinical.wire.fhir.core import Encounter, Patient
from clinical.wire.fhir.references import MalformedError, tail
from clinical.wire.fhir.resources import Identifier, Resource
from clinical.wire.profile import RECORD_NUMBERS

_IDENTIFIERS = msgspec.json.Decoder(list[Identifier | None] | None)
_VISIT_NUMBERS = ("VN",)


class Naming(NamedTuple):
    """How a feed names patients.

    `facility` stands in where an identifier names no authority; `patient_number` are the types of
    the identifier that a patient is known by, the best first, as in HL7 v2.
    """

    facility: str
    patient_number: tuple[str, ...] = RECORD_NUMBERS


class Identity(NamedTuple):
    """Who a patient is: an identifier and who issued it."""

    facility: str
    patient_id: str


def identity(
    patient: Patient, url: str | None, naming: Naming, *, alone: bool = False
) -> Identity | None:
    """The number of the feed's choice, else the first identifier, else the resource's id.

    A resource that is `alone` in its message goes by its id, by which the others refer to it.
    """
    if alone and patient.id:
        return Identity(naming.facility, patient.id)
    chosen = _choose(identifiers(patient), naming.patient_number)
    if chosen is not None:
        return Identity(_issuer(chosen, naming.facility), chosen.value or "")
    own = patient.id or tail(url)
    return Identity(naming.facility, own) if own else None


def visit_number(encounter: Encounter, url: str | None, *, alone: bool = False) -> str | None:
    """The visit number, else the first identifier, else the id; of one `alone` its id."""
    if alone and encounter.id:
        return encounter.id
    chosen = _choose(identifiers(encounter), _VISIT_NUMBERS)
    return chosen.value if chosen is not None else encounter.id or tail(url)


def identifiers(resource: Resource) -> list[Identifier]:
    """The identifiers of a resource.

    Raises:
        MalformedError: They have another shape.
    """
    if not resource.identifier:
        return []
    try:
        read: list[Identifier | None] | None = _IDENTIFIERS.decode(resource.identifier)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedError from None
    return [each for each in read or () if each is not None]


def _choose(identifiers: Sequence[Identifier], wanted: Sequence[str]) -> Identifier | None:
    """The identifier of the type wanted most, else the first; retired ones never."""
    usable = [item for item in identifiers if item.value and item.use != "old"]
    for kind in wanted:
        for item in usable:
            if has_code(item.type, (kind,)):
                return item
    return usable[0] if usable else None


def _issuer(identifier: Identifier, facility: str) -> str:
    named = identifier.assigner.display if identifier.assigner else None
    return named or identifier.system or facility


def numbers_of(identifier: Identifier, facility: str) -> list[tuple[str, str]]:
    """An identifier as who issued it and its value: by its system, then by who is said to."""
    if not identifier.value:
        return []
    issuers = (identifier.system or facility, _issuer(identifier, facility))
    return [(issuer, identifier.value) for issuer in issuers]


def logical(identifier: Identifier | None, facility: str) -> Identity | None:
    """Who an identifier stands for by itself."""
    if identifier is None or not identifier.value:
        return None
    return Identity(_issuer(identifier, facility), identifier.value)
