"""The shapes of what FHIR says of drugs, and which drug each is of.

Here: MedicationRequest, MedicationAdministration, MedicationDispense, MedicationStatement,
Immunization and Medication; the drug's code, wherever it is said. Not here: events
(medications.py), doses (dosages.py).

R4 and R5 spell some elements differently: both are declared, and what a sender fills is read.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw, field

from clinical.wire.fhir.dosages import Given
from clinical.wire.fhir.found import Codes, Found
from clinical.wire.fhir.resources import (
    NOTHING,
    Element,
    Period,
    Quantity,
    Reference,
    Resource,
)


class Either(Element):
    """A concept or a reference, as R5 says them in one element."""

    concept: Raw = NOTHING
    reference: Raw = NOTHING


class Ingredient(Element):
    """One ingredient of a Medication."""

    item_codeable_concept: Raw = NOTHING
    item: Either | None = None


class Medication(Resource, tag_field="resourceType"):
    """A drug, where what refers to it does not name it itself."""

    code: Raw = NOTHING
    ingredient: list[Ingredient | None] | None = None


class Drug(Resource):
    """What all that is said of drugs shares; R4 calls the visit of some of them `context`."""

    medication_codeable_concept: Raw = NOTHING
    medication_reference: Raw = NOTHING
    medication: Either | None = None
    context: Raw = NOTHING
    note: Raw = NOTHING

    def __post_init__(self) -> None:
        """Whoever reads it asks for the encounter; an episode of care is none."""
        if not self.encounter and b"EpisodeOfCare" not in bytes(self.context):
            self.encounter = self.context


class MedicationRequest(Drug, tag_field="resourceType"):
    """An order of a drug."""

    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    dosage_instruction: Raw = NOTHING
    prior_prescription: Raw = NOTHING


class MedicationAdministration(Drug, tag_field="resourceType"):
    """A drug given; R5 writes `occurence` with one r."""

    effective_date_time: str | None = None
    effective_period: Period | None = None
    occurence_date_time: str | None = None
    occurence_period: Period | None = None
    recorded: str | None = None
    request: Raw = NOTHING
    dosage: Given | None = None


class MedicationDispense(Drug, tag_field="resourceType"):
    """A drug handed out."""

    authorizing_prescription: list[Raw] | None = None
    when_prepared: str | None = None
    when_handed_over: str | None = None
    dosage_instruction: Raw = NOTHING


class MedicationStatement(Drug, tag_field="resourceType"):
    """That a patient takes, took or does not take a drug."""

    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    dosage: Raw = NOTHING


class Immunization(Resource, tag_field="resourceType"):
    """A vaccine given."""

    subject: Raw = field(default=NOTHING, name="patient")
    vaccine_code: Raw = NOTHING
    occurrence_date_time: str | None = None
    recorded: str | None = None
    dose_quantity: Quantity | None = None
    route: Raw = NOTHING
    note: Raw = NOTHING


D = TypeVar("D", bound=Drug)

_REFERENCE = msgspec.json.Decoder(Reference | None)
_NEITHER = Either()


def drugs(found: Found[D]) -> Codes:
    """The drug of each: as it names it, else as the Medication does that it refers to."""
    each = found.resources
    references = [
        one.medication_reference or (one.medication or _NEITHER).reference for one in each
    ]
    named = [
        one.medication_codeable_concept or (one.medication or _NEITHER).concept for one in each
    ]
    if not any(references):
        return found.codes(named)
    code = found.codes(
        [
            own or _referred(found, row, reference)
            for row, (own, reference) in enumerate(zip(named, references, strict=True))
        ]
    )
    return code._replace(text=pc.coalesce(code.text, _displays(found, references)))


def _referred(found: Found[D], row: int, reference: Raw) -> Raw:
    known = found.resource_at(reference, row) if reference else None
    if not isinstance(known, Medication):
        return NOTHING
    first = next(filter(None, known.ingredient or ()), Ingredient())
    return known.code or first.item_codeable_concept or (first.item or _NEITHER).concept


def _displays(found: Found[D], references: Sequence[Raw]) -> pa.Array:
    """What references say in words of what they point to."""
    read = found.each(references, _REFERENCE)
    return pa.array([one.display if one else None for one in read], pa.string())
